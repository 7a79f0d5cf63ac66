//! What a bundle must be beside its log: the files of its signed manifest; and a part of a log, verified.

use std::{fs, path::Path};

use crate::audit::{Trail, forge, trail};

fn ours(trail: &Trail, bundle: &Path, more: &[&str]) -> (Option<i32>, String) {
    let bundle = bundle.to_str().unwrap();
    let args = ["audit", "verify", "--bundle", bundle, "--key", &trail.key];
    let done = trail.home.anonymous(&[&args[..], more].concat());
    (done.code, format!("{}{}", done.stdout, done.stderr))
}

#[test]
fn a_bundle_is_the_files_of_its_manifest_and_a_range_is_verified_alone() {
    let trail = trail();
    let refuse = |what: &str, bundle: &Path, more: &[&str], names: &str| {
        let (code, said) = ours(&trail, bundle, more);
        assert_eq!(code, Some(1), "{what}: {said}");
        assert!(
            said.contains(names) && !said.contains("verified:"),
            "{what}: {said}"
        );
    };

    // A range needs its entries, the tiles over them and the head, and nothing else.
    let whole = ["--from", "0"];
    assert_eq!(ours(&trail, &trail.bundle, &whole).0, Some(0));
    let part = ["--from", "300", "--to", "520"];
    let (code, said) = ours(&trail, &trail.bundle, &part);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("220 entries"), "{said}");
    let bundle = trail.copy("forged");
    forge(&bundle);
    refuse(
        "a forged entry with its tile",
        &bundle,
        &whole,
        "tile/0/000",
    );
    assert_eq!(ours(&trail, &bundle, &part).0, Some(0), "it lies elsewhere");
    let tile = bundle.join("tile/0/001");
    fs::remove_file(tile).unwrap();
    refuse("a missing tile", &bundle, &part, "tile/0/001");
    let past = trail.size + 1;
    for (from, to) in [
        ("0", past.to_string()),
        ("9", "9".into()),
        ("9", "8".into()),
    ] {
        let (code, said) = ours(&trail, &trail.bundle, &["--from", from, "--to", &to]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("no part of the log"), "{said}");
    }
    let ledger = ["audit", "verify", "--as", "frank"];
    trail.home.run(&[&ledger[..], &part].concat()).ok();
    trail
        .home
        .run(&[&ledger[..], &["--to", "1000000"]].concat())
        .fails(2, &["no part"]);

    // What is no part of the tree is signed as well.
    let bundle = trail.copy("keys");
    fs::write(bundle.join("keys"), "another\n").unwrap();
    refuse("other keys", &bundle, &[], "keys` was changed");
    let bundle = trail.copy("stranger");
    fs::write(bundle.join("tile/0/README"), "hello").unwrap();
    refuse("a stranger", &bundle, &[], "README` does not belong");
    let bundle = trail.copy("unsigned");
    fs::remove_file(bundle.join("manifest")).unwrap();
    refuse("no manifest", &bundle, &[], "manifest");
    let bundle = trail.copy("resigned");
    let manifest = fs::read_to_string(bundle.join("manifest")).unwrap();
    let edited = manifest.replacen("size ", "size 1", 1);
    fs::write(bundle.join("manifest"), edited).unwrap();
    refuse("an edited manifest", &bundle, &[], "does not fit");
}
