//! What `check` takes as the gate of a pipeline.

use crate::plan::{nearest, parse_time};
use crate::publish;
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// A round as the gate of a pipeline.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "As the gate of a pipeline")]
pub struct Gate {
    /// How the result is printed on standard output.
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    pub format: Form,

    /// Write the result into a file as well, in a format of its own; may be given several times. The file is written whole.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = Output::read)]
    pub output: Vec<Output>,

    /// Look only at these: targets, endpoints or checks of the plan. What a block among them needs as a witness is looked
    /// at too, and not reported.
    #[arg(long, value_name = "TARGET", num_args = 1.., value_delimiter = ',')]
    pub only: Vec<String>,

    /// Look again, at the pace of the plan, until the gate opens or this time is over, such as 5m; up to 1d.
    #[arg(long, value_name = "TIME", value_parser = patience)]
    pub wait: Option<Duration>,

    /// What ends with an exit code other than 0: a check that is broken; one that could not be told as well; nothing.
    #[arg(long, value_enum, default_value = "unknown", value_name = "VERDICT")]
    pub fail_on: FailOn,
}

/// The forms of a round's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A table, and below it what is wrong.
    Human,
    /// What docs/report.schema.json describes.
    Json,
    /// JUnit XML.
    Junit,
    /// The Test Anything Protocol, version 13.
    Tap,
    /// Annotations of GitHub Actions.
    Github,
    /// Issues of Azure Pipelines.
    AzurePipelines,
    /// A job summary.
    Markdown,
    /// Metrics for the textfile collector of node_exporter.
    Textfile,
}

/// A file, and the form in which it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub form: Form,
    pub file: PathBuf,
}

impl Output {
    fn read(text: &str) -> Result<Self, String> {
        let (form, file) = text.split_once('=').ok_or("write FORMAT=FILE, such as junit=fencepost.xml")?;
        let form = Form::from_str(form, false).map_err(|_| {
            let all: Vec<String> = Form::value_variants()
                .iter()
                .filter_map(Form::to_possible_value)
                .map(|v| v.get_name().to_owned())
                .collect();
            let near = nearest(form, all.iter().map(String::as_str));
            let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("there is no format `{form}`, but {}{meant}", all.join(", "))
        })?;
        if file.is_empty() {
            return Err("no file is named after the `=`".to_owned());
        }
        Ok(Self { form, file: PathBuf::from(file) })
    }
}

/// How long `--wait` may be.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

fn patience(text: &str) -> Result<Duration, String> {
    let time = parse_time(text).ok_or("write a whole number and a unit: 90s, 5m, 1h")?;
    if time.is_zero() || time > LONGEST_WAIT {
        return Err("choose a time from 1ms to 1d".to_owned());
    }
    Ok(time)
}

/// What shuts the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Exit code 1 for what is broken; 0 for what could not be told.
    Broken,
    /// Exit code 1 for what is broken, 3 for what could not be told.
    Unknown,
    /// Exit code 0, whatever is seen.
    Never,
}

impl From<FailOn> for publish::FailOn {
    fn from(said: FailOn) -> Self {
        match said {
            FailOn::Broken => Self::Broken,
            FailOn::Unknown => Self::Unknown,
            FailOn::Never => Self::Never,
        }
    }
}
