//! The plan language as a JSON Schema, for editors.

use super::language::{Form, KeyRule, PLAN, TABLES, Table};
use serde_json::{Map, Value, json};

/// The schema, generated from the language itself.
pub fn schema() -> Value {
    let definitions: Map<String, Value> = TABLES.iter().map(|t| (id(t), table(t))).collect();
    let mut root = table(&PLAN);
    if let Some(object) = root.as_object_mut() {
        object.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        object.insert("title".into(), json!("Fencepost plan"));
        object.insert("$defs".into(), Value::Object(definitions));
    }
    root
}

fn id(table: &Table) -> String {
    table.called.trim_start_matches("a ").trim_start_matches("an ").replace(' ', "-")
}

fn table(table: &Table) -> Value {
    let properties: Map<String, Value> = table.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required})
}

fn property(key: &KeyRule) -> Value {
    let mut value = form(&key.form);
    if let Some(object) = value.as_object_mut() {
        object.insert("description".into(), json!(key.doc));
    }
    value
}

const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";

fn form(form_of: &Form) -> Value {
    match form_of {
        Form::Text => json!({"type": ["string", "number"]}),
        Form::Name => json!({"type": ["string", "integer"], "pattern": NAME}),
        Form::Host => json!({"type": "string", "format": "hostname"}),
        Form::Time => json!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"}),
        Form::Count(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
        Form::Day => json!({"type": "string", "format": "date"}),
        Form::Server | Form::Prefix => json!({"type": "string"}),
        Form::HostPort => json!({"type": "string", "pattern": "^.+:[0-9]+$"}),
        Form::OneOf(words) => json!({"enum": words}),
        Form::List(item @ (Form::Table(_) | Form::Name)) => json!({"type": "array", "items": form(item)}),
        // One value may stand for a list of one.
        Form::List(item) => json!({"anyOf": [form(item), {"type": "array", "items": form(item)}]}),
        Form::Table(table) => json!({"$ref": format!("#/$defs/{}", id(table))}),
        Form::Named(item) => {
            json!({"type": "object", "propertyNames": {"pattern": NAME}, "additionalProperties": form(item)})
        }
        Form::Endpoints => json!({
            "type": "object",
            "additionalProperties": {"anyOf": [
                {"type": "null"}, {"type": "string"}, {"type": "array", "items": {"type": "string"}}
            ]}
        }),
        Form::Selector(table) => json!({"anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
            {"$ref": format!("#/$defs/{}", id(table))}
        ]}),
    }
}
