//! Files and folders.

use super::Folder;
use crate::plan::{hash_of, listing};
use crate::source::{Content, Origin, Pin, Supply, Trouble};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

fn supply(path: &Path) -> Supply {
    Supply::new(Origin::parse(path).unwrap(), Pin::None, None, None)
}

async fn why(path: &Path) -> String {
    let Err(Trouble { why, .. }) = supply(path).get().await else { panic!("{} was read", path.display()) };
    assert!(why.starts_with(&format!("{}: ", path.display())), "{why}");
    why
}

#[tokio::test]
async fn a_folder_is_its_yaml_files_in_the_order_of_their_names() {
    let folder = Folder::new();
    for (name, text) in [("b.yml", "2"), ("a.yaml", "1"), ("Z.yaml", "0"), (".hidden.yaml", "x"), ("notes.txt", "x")] {
        folder.write(name, text);
    }
    fs::create_dir(folder.0.join("..data")).unwrap();
    let got = supply(&folder.0).get().await.unwrap();
    let Content::Folder(files) = got.content.as_ref() else { panic!("it is a folder") };
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(files, [("Z.yaml", "0"), ("a.yaml", "1"), ("b.yml", "2")]);
    assert!(got.is_news);
}

/// What `sha256sum` prints of the same files, and the digest of that.
#[tokio::test]
async fn the_listing_is_that_of_sha256sum() {
    let folder = Folder::new();
    folder.write("20 rules.yaml", "rules: []\n");
    folder.write("10-plan.yaml", "plan: p\n");
    let ordered = "LC_ALL=C; export LC_ALL; sha256sum *.yaml";
    let said = Command::new("sh").args(["-c", ordered]).current_dir(&folder.0).output().unwrap();
    let got = supply(&folder.0).get().await.unwrap();
    let Content::Folder(files) = got.content.as_ref() else { panic!("it is a folder") };
    assert_eq!(listing(files), String::from_utf8(said.stdout).unwrap());
    assert_eq!(got.content.sealed(), listing(files));
    assert!(Pin::digest(&hash_of(&listing(files))).unwrap().holds(&got.content, None, None).is_ok());
}

#[tokio::test]
async fn what_cannot_be_part_of_a_plan_is_told_with_its_name() {
    let folder = Folder::new();
    assert!(why(&folder.0.join("missing.yaml")).await.contains("No such file"));
    assert!(why(&folder.0).await.contains("no *.yaml"));
    fs::create_dir(folder.0.join("dir.yaml")).unwrap();
    assert!(why(&folder.0).await.contains("dir.yaml: it is no file"));
    fs::remove_dir(folder.0.join("dir.yaml")).unwrap();
    // Opening a pipe without a writer would hang.
    let made = Command::new("mkfifo").arg(folder.0.join("pipe.yaml")).status().unwrap();
    assert!(made.success());
    assert!(why(&folder.0).await.contains("pipe.yaml: it is no file"));
    fs::remove_file(folder.0.join("pipe.yaml")).unwrap();
    symlink("nowhere", folder.0.join("link.yaml")).unwrap();
    assert!(why(&folder.0).await.contains("link.yaml: No such file"));
    fs::remove_file(folder.0.join("link.yaml")).unwrap();
    fs::write(folder.0.join("latin.yaml"), b"plan: \xfc\n").unwrap();
    assert!(why(&folder.0).await.contains("latin.yaml: it is no text in UTF-8"));
    for number in 10..22 {
        fs::create_dir(folder.0.join(format!("{number}.yaml"))).unwrap();
    }
    let said = why(&folder.0).await;
    assert!(said.contains("10.yaml: it is no file; 11.yaml: it is no file; "), "all at once: {said}");
    assert!(said.contains("; and 3 more files") && !said.contains("latin.yaml"), "{said}");
    for number in 10..22 {
        fs::remove_dir(folder.0.join(format!("{number}.yaml"))).unwrap();
    }
    fs::remove_file(folder.0.join("latin.yaml")).unwrap();
    folder.write("a\nb.yaml", "plan: p\n");
    let said = why(&folder.0).await;
    assert!(said.contains("rename the file") && !said.contains('\n'), "{said}");
}

#[tokio::test]
async fn only_what_was_accepted_is_no_news() {
    let folder = Folder::new();
    folder.write("plan.yaml", "plan: a\n");
    let supply = supply(&folder.0.join("plan.yaml"));
    assert!(supply.can_change());
    let first = supply.get().await.unwrap();
    assert!(first.is_news && supply.get().await.unwrap().is_news, "nobody said that it is good");
    supply.accept(&first).await;
    assert!(!supply.get().await.unwrap().is_news);
    folder.write("plan.yaml", "plan: b\n");
    assert!(supply.get().await.unwrap().is_news);
    folder.write("plan.yaml", "plan: a\n");
    assert!(!supply.get().await.unwrap().is_news, "it is the one in force again");
}

/// Kubernetes replaces the folder behind a link; every file changes at once.
#[tokio::test]
async fn a_folder_that_is_swapped_is_news() {
    let folder = Folder::new();
    for (version, text) in [("..2026_1", "plan: a\n"), ("..2026_2", "plan: b\n")] {
        fs::create_dir(folder.0.join(version)).unwrap();
        fs::write(folder.0.join(version).join("plan.yaml"), text).unwrap();
    }
    symlink("..2026_1", folder.0.join("..data")).unwrap();
    symlink("..data/plan.yaml", folder.0.join("plan.yaml")).unwrap();
    let supply = supply(&folder.0);
    let first = supply.get().await.unwrap();
    supply.accept(&first).await;
    symlink("..2026_2", folder.0.join("..data_tmp")).unwrap();
    fs::rename(folder.0.join("..data_tmp"), folder.0.join("..data")).unwrap();
    let second = supply.get().await.unwrap();
    assert!(second.is_news);
    assert!(*second.content == Content::Folder(vec![("plan.yaml".to_owned(), "plan: b\n".to_owned())]));
}

#[tokio::test]
async fn what_can_be_read_but_once_is_not_looked_at_again() {
    let folder = Folder::new();
    let pipe = folder.0.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(!supply(&pipe).can_change());
    assert!(!supply(Path::new("-")).can_change());
    let key = Pin::key(super::KEY).unwrap();
    let trouble = Supply::new(Origin::Stdin, key, None, None).get().await.err().unwrap();
    assert!(trouble.why.contains("pin it by its digest"), "{trouble:?}");
}
