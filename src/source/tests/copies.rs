//! The copy on disk: what is kept of a plan comes back whole, or not at all.

use super::super::copy::{Copies, Kept};
use super::super::fetch::Validators;
use super::{Folder, KEY, SIGNATURE, SIGNED, SIGNED_AT, address};
use crate::source::{Content, Origin, Pin, Supply};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const ADDRESS: &str = "https://plans.contoso.example/p.yaml?sig=hunter2";

fn kept(text: &str, signature: Option<&str>) -> Kept {
    let validators = Validators { etag: Some("\"7\"".to_owned()), last_modified: None };
    Kept {
        text: text.to_owned(),
        signature: signature.map(str::to_owned),
        validators,
        fetched: "2026-11-22T15:00:00Z".parse().unwrap(),
    }
}

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_copy_comes_back_as_it_was() {
    let folder = Folder::new();
    let copies = Copies::new(&folder.0.join("made"), &address(ADDRESS));
    assert!(copies.read().unwrap().is_none());
    for text in ["plan: a\n", "", "\n\nplan: b", "plan: ü\n{\"form\":1}\n"] {
        let before = kept(text, Some(SIGNATURE));
        copies.write(&before).unwrap();
        assert!(copies.read().unwrap() == Some(before), "{text:?}");
    }
    let file = only_file(&folder.0.join("made"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0, "others can read it");
    assert!(!fs::read_to_string(&file).unwrap().contains("hunter2"), "the copy holds what opens the storage account");
    // The query's signature is another one by now, and the document the same.
    let renewed = Copies::new(&folder.0.join("made"), &address(&ADDRESS.replace("hunter2", "hunter3")));
    assert!(renewed.read().unwrap().is_some());
}

#[test]
fn a_copy_that_is_damaged_or_of_another_address_is_of_no_use() {
    let folder = Folder::new();
    let copies = Copies::new(&folder.0, &address(ADDRESS));
    copies.write(&kept("plan: a\n", None)).unwrap();
    let file = only_file(&folder.0);
    let whole = fs::read_to_string(&file).unwrap();
    for (damage, says) in [
        (whole.replace("plan: a\n", "plan: b\n"), "damaged"),
        (whole[..whole.len() - 1].to_owned(), "damaged"),
        (whole.lines().next().unwrap().to_owned(), "cut off"),
        (whole.replacen('{', "[", 1), "does not read"),
        (whole.replace("\"form\":1", "\"form\":2"), "form 2"),
        (String::new(), "cut off"),
    ] {
        fs::write(&file, &damage).unwrap();
        let why = copies.read().map(|_| ()).unwrap_err();
        assert!(why.contains(says), "{damage:?}: {why}");
    }
    fs::write(&file, whole).unwrap();
    let other = Copies::new(&folder.0, &address("https://plans.contoso.example/q.yaml"));
    assert!(other.read().unwrap().is_none(), "another address has another file");
    let moved = folder.0.join(file.file_name().unwrap()).with_file_name(name_of(&other, &folder.0));
    fs::rename(&file, moved).unwrap();
    assert!(other.read().map(|_| ()).unwrap_err().contains("another address"));
}

/// The name of the file that another address has.
fn name_of(copies: &Copies, folder: &Path) -> String {
    let before: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    copies.write(&kept("plan: q\n", None)).unwrap();
    let now = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let name = now.into_iter().find(|name| !before.contains(name)).unwrap();
    fs::remove_file(folder.join(&name)).unwrap();
    name.into_string().unwrap()
}

fn supply(pin: Pin, folder: &Folder) -> Supply {
    Supply::new(Origin::parse(Path::new(ADDRESS)).unwrap(), pin, None, Some(&folder.0))
}

/// Whoever can write to the disk cannot slip in a plan that was not signed, and what was signed before it stays older.
#[tokio::test]
async fn a_copy_is_held_against_the_pin_again() {
    let folder = Folder::new();
    let copies = Copies::new(&folder.0, &address(ADDRESS));
    let key = || Pin::key(KEY).unwrap();
    copies.write(&kept(SIGNED, Some(SIGNATURE))).unwrap();
    let (got, of) = supply(key(), &folder).copy().await.unwrap();
    assert!(*got.content == Content::Text(SIGNED.to_owned()));
    assert_eq!(of.to_string(), "2026-11-22T15:00:00Z");
    assert!(supply(Pin::None, &folder).copy().await.is_some());
    for (text, signature) in [("plan: mine\n", None), ("plan: mine\n", Some(SIGNATURE)), (SIGNED, None)] {
        copies.write(&kept(text, signature)).unwrap();
        assert!(supply(key(), &folder).copy().await.is_none(), "{text}");
    }
    let digest = Pin::digest(&crate::plan::hash_of(SIGNED)).unwrap();
    copies.write(&kept("plan: mine\n", None)).unwrap();
    assert!(supply(digest.clone(), &folder).copy().await.is_none());
    copies.write(&kept(SIGNED, None)).unwrap();
    assert!(supply(digest, &folder).copy().await.is_some());
    assert!(key().holds(&Content::Text(SIGNED.to_owned()), Some(SIGNATURE), Some(SIGNED_AT + 1)).is_err());
}

#[tokio::test]
async fn without_a_folder_nothing_is_kept() {
    let supply = Supply::new(Origin::parse(Path::new(ADDRESS)).unwrap(), Pin::None, None, None);
    assert!(supply.copy().await.is_none());
}
