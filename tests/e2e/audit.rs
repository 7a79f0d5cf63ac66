//! The log as an auditor proves it, and as strangers' programs do who know nothing of ours.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::harness::{Home, eventually, example, finish};

/// So many applications make more than two bundles of entries.
const ITEMS: usize = 600;

/// A log of some hundred entries, exported.
pub struct Trail {
    pub home: Home,
    pub key: String,
    pub bundle: PathBuf,
    /// A checkpoint that was saved long before.
    early: PathBuf,
    pub size: u64,
}

fn submit(home: &Home, name: &str, items: usize) {
    let line = |number: usize| {
        let reference = format!("{name}-{number}");
        let payload = example("agent_invoice_review", |item| {
            item["application_number"] = reference.clone().into();
        });
        let payload: Value = serde_json::from_str(&payload).unwrap();
        json!({"reference": reference, "payload": payload, "run_at": "1d"}).to_string() + "\n"
    };
    let lines: String = (0..items).map(line).collect();
    let file = home.file("items.jsonl", lines);
    let kind = ["--kind", "agent_invoice_review", "--file", &file];
    let args = ["batch", "submit", "--reference", name, "--as", "alice"];
    home.run(&[&args[..], &kind[..]].concat()).ok();
}

/// Waits until every event so far is in the log.
fn covered(home: &Home) -> u64 {
    let last = home.json(&["audit", "search", "--limit", "1", "--as", "frank"]);
    let id = last["items"][0]["id"].as_str().unwrap().to_owned();
    eventually("the last event is in the log", || {
        let shown = home.json(&["audit", "show", &id, "--as", "frank"]);
        shown["checkpoint"].as_u64()
    })
}

pub fn trail() -> Trail {
    let home = Home::with_people();
    let up = home.up(&[]);
    submit(&home, "A", 20);
    covered(&home);
    let early = home.path("early.checkpoint");
    let save = ["audit", "checkpoint", "--out", early.to_str().unwrap()];
    home.run(&[&save[..], &["--as", "frank"]].concat()).ok();
    submit(&home, "B", ITEMS);
    covered(&home);
    let keys = home.json(&["audit", "keys", "--as", "frank"]);
    let key = keys["items"][0]["key"].as_str().unwrap().to_owned();
    let bundle = home.path("trail");
    let export = ["audit", "export", bundle.to_str().unwrap(), "--as", "frank"];
    let said = home.json(&export);
    up.stop();
    let size = said["size"].as_u64().unwrap();
    assert!(size > 512, "{size} entries are fewer than two bundles");
    home.run(&export).fails(4, &["is there already"]);
    Trail {
        home,
        key,
        bundle,
        early,
        size,
    }
}

impl Trail {
    fn ours(&self, bundle: &Path, saved: Option<&Path>) -> (Option<i32>, String) {
        let bundle = bundle.to_str().unwrap();
        let mut args = vec!["audit", "verify", "--bundle", bundle, "--key", &self.key];
        if let Some(saved) = saved {
            args.extend(["--saved", saved.to_str().unwrap()]);
        }
        let done = self.home.anonymous(&args);
        (done.code, format!("{}{}", done.stdout, done.stderr))
    }

    fn theirs(
        &self,
        mut verifier: Command,
        bundle: &Path,
        saved: Option<&Path>,
    ) -> (Option<i32>, String) {
        verifier.arg(bundle).arg(&self.key).args(saved);
        let done = finish(verifier, b"");
        (done.code, format!("{}{}", done.stdout, done.stderr))
    }

    /// What our own program and two that we did not write say of a bundle.
    fn verdicts(&self, bundle: &Path, saved: Option<&Path>) -> [(Option<i32>, String); 3] {
        [
            self.ours(bundle, saved),
            self.theirs(Command::new(go_verifier()), bundle, saved),
            self.theirs(python_verifier(), bundle, saved),
        ]
    }

    /// A copy of the bundle, to be spoiled.
    pub fn copy(&self, name: &str) -> PathBuf {
        let copy = self.home.path(name);
        let done = Command::new("cp")
            .arg("-r")
            .arg(&self.bundle)
            .arg(&copy)
            .status();
        assert!(done.unwrap().success());
        copy
    }
}

fn foreign(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/foreign")
        .join(file)
}

/// The Go program, built once with Debian's packages alone.
fn go_verifier() -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, program) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("verify");
        let mut go = Command::new("go");
        go.args(["build", "-o"])
            .arg(&program)
            .arg(foreign("verify.go"));
        go.env("GO111MODULE", "off")
            .env("GOPATH", "/usr/share/gocode");
        go.env("GOCACHE", folder.path().join("cache"));
        let built = go
            .output()
            .expect("Go is needed: `bash tests/run.sh` gets it");
        let said = String::from_utf8_lossy(&built.stderr).into_owned();
        assert!(
            built.status.success(),
            "{said}; `bash tests/run.sh` gets what it needs"
        );
        (folder, program)
    });
    program
}

/// The Python program, on the package that `tests/run.sh` has put aside.
fn python_verifier() -> Command {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or(home.join(".cache"), PathBuf::from);
    let mut python = Command::new("python3");
    python
        .env("PYTHONPATH", cache.join("clerkwork/tlog"))
        .arg("-B")
        .arg(foreign("verify.py"));
    python
}

#[test]
fn strangers_verify_the_log_and_refuse_every_forgery() {
    let trail = trail();
    for (code, said) in trail.verdicts(&trail.bundle, Some(&trail.early)) {
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&trail.size.to_string()), "{said}");
    }
    let refuse = |what: &str, bundle: &Path, saved: Option<&Path>| {
        for (at, (code, said)) in trail.verdicts(bundle, saved).into_iter().enumerate() {
            assert_eq!(code, Some(1), "{what}, verifier {at}: {said}");
            assert!(
                !said.contains("verified:") && !said.starts_with("ok"),
                "{said}"
            );
        }
    };
    let flip = |path: &Path, at: usize| {
        let mut bytes = fs::read(path).unwrap();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };

    // One bit of an entry.
    let bundle = trail.copy("flipped");
    flip(&bundle.join("tile/entries/001"), 40);
    refuse("a flipped bit", &bundle, None);
    let (_, said) = trail.ours(&bundle, None);
    assert!(
        said.contains("entry 256, event ") || said.contains("entry 256 "),
        "{said}"
    );

    // An entry, and the tile that would give it away.
    let bundle = trail.copy("forged");
    forge(&bundle);
    refuse("a forged entry with its tile", &bundle, None);

    // The number of entries in the head.
    let bundle = trail.copy("edited");
    let head = fs::read_to_string(bundle.join("checkpoint")).unwrap();
    let less = (trail.size - 1).to_string();
    let edited = head.replacen(&trail.size.to_string(), &less, 1);
    fs::write(bundle.join("checkpoint"), edited).unwrap();
    refuse("an edited size", &bundle, None);

    // The last bundle of entries.
    let bundle = trail.copy("cut");
    let tail = format!(
        "tile/entries/{:03}.p/{}",
        trail.size / 256,
        trail.size % 256
    );
    fs::remove_file(bundle.join(&tail)).unwrap();
    refuse("a deleted tail", &bundle, None);
    let (_, said) = trail.ours(&bundle, None);
    assert!(said.contains(&tail), "{said}");

    // An older head than one that is known.
    let bundle = trail.copy("set-back");
    let latest = trail.home.path("latest.checkpoint");
    fs::rename(bundle.join("checkpoint"), &latest).unwrap();
    fs::copy(&trail.early, bundle.join("checkpoint")).unwrap();
    refuse("a rollback", &bundle, Some(&latest));
}

/// Changes the first entry and puts its new hash into the tile over it.
pub fn forge(bundle: &Path) {
    use sha2::{Digest, Sha256};
    let entries = bundle.join("tile/entries/000");
    let mut bytes = fs::read(&entries).unwrap();
    let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let entry = &mut bytes[2..2 + length];
    let at = entry
        .windows(8)
        .position(|part| part == b"\"actor\":")
        .unwrap();
    entry[at + 1] = b'b';
    let leaf = Sha256::new()
        .chain_update([0])
        .chain_update(&*entry)
        .finalize();
    fs::write(&entries, &bytes).unwrap();
    let tile = bundle.join("tile/0/000");
    let mut hashes = fs::read(&tile).unwrap();
    hashes[..32].copy_from_slice(&leaf);
    fs::write(&tile, hashes).unwrap();
}

#[test]
fn an_auditor_proves_an_event_and_notices_what_is_wrong() {
    let home = Home::with_people();
    let up = home.up(&[]);
    submit(&home, "A", 3);
    covered(&home);
    let accepted = home.json(&["audit", "search", "--type", "job.accepted", "--as", "frank"]);
    let id = accepted["items"][0]["id"].as_str().unwrap().to_owned();
    let file = home.path("event.tlog-proof");
    let out = ["--out", file.to_str().unwrap(), "--as", "frank"];
    home.run(&[&["audit", "prove", &id][..], &out[..]].concat())
        .ok();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "), "{text}");

    // Anybody checks it, with the key alone.
    let keys = home.json(&["audit", "keys", "--as", "dave"]);
    let key = keys["items"][0]["key"].as_str().unwrap().to_owned();
    let receipt = ["audit", "verify", "--receipt", file.to_str().unwrap()];
    let check = |more: &[&str]| home.anonymous(&[&receipt[..], more].concat());
    let said = check(&["--key", &key, "--json"]).ok().json();
    assert_eq!(
        (&said["verified"], &said["event"]["id"]),
        (&true.into(), &id.as_str().into())
    );
    check(&[]).fails(2, &["--key"]);
    check(&["--key", "nonsense"]).fails(2, &["no verifier key"]);
    let stranger = "else.example/log+6b5b1b5b+AW1n";
    check(&["--key", stranger]).fails(2, &["no verifier key"]);
    let other = Home::with_people();
    let other_up = other.up(&[]);
    submit(&other, "A", 1);
    covered(&other);
    let theirs = other.json(&["audit", "keys", "--as", "dave"]);
    let theirs = theirs["items"][0]["key"].as_str().unwrap().to_owned();
    check(&["--key", &theirs]).fails(1, &["not of `clerkwork.local/"]);
    other_up.stop();

    // Who may: the trail is the auditor's, its keys are the administrator's.
    home.run(&["audit", "verify", "--as", "alice"])
        .fails(4, &["alice"]);
    home.run(&["audit", "add-key", "--as", "frank"])
        .fails(4, &["frank"]);
    home.run(&["audit", "retire-key", &key, "--as", "dave"])
        .fails(4, &["add another"]);
    let verified = home.json(&["audit", "verify", "--as", "frank"]);
    assert_eq!(verified["verified"], true);
    let size = verified["size"].as_u64().unwrap();

    sheets(&home);

    // A rotation, with both keys for a time.
    let new = home.json(&["audit", "add-key", "--as", "dave"])["key"].clone();
    home.run(&["audit", "retire-key", &key, "--as", "dave"])
        .ok();
    covered(&home);
    let verified = home.json(&["audit", "verify", "--as", "frank"]);
    assert!(verified["size"].as_u64().unwrap() > size);
    let alone = [
        "audit",
        "verify",
        "--key",
        new.as_str().unwrap(),
        "--as",
        "frank",
    ];
    home.run(&alone).ok();
    home.run(&["audit", "verify", "--key", &key, "--as", "frank"])
        .fails(1, &["no key that is known"]);
    up.stop();

    // Somebody with the database changes one word of the past.
    let stored = home.json(&["audit", "show", &id, "--as", "frank"]);
    let index = stored["index"].as_u64().unwrap();
    let database = change_file(
        &home,
        &format!(
            "UPDATE event SET bytes = CAST(replace(CAST(bytes AS TEXT), 'alice', 'mallo') AS BLOB) WHERE n = {}",
            index + 1
        ),
    );
    assert!(database);
    let named = format!("entry {index}, event {id}");
    home.run(&["audit", "verify", "--as", "frank"])
        .fails(1, &[&named]);
    home.run(&["audit", "prove", &id, "--as", "frank"])
        .fails(1, &["not number"]);
    let unknown = "0190c8f0-0000-7000-8000-000000000001";
    home.run(&["audit", "prove", unknown, "--as", "frank"])
        .fails(5, &["not in the log"]);
    let shown: Value = home.json(&[
        "audit",
        "search",
        "--type",
        "log.key_added",
        "--as",
        "frank",
    ]);
    assert_eq!(shown["items"].as_array().unwrap().len(), 2);
}

/// Events as lines and sheets, narrowed as a list is.
fn sheets(home: &Home) {
    let export = |file: &str, format: &str, more: &[&str]| {
        let path = home.path(file);
        let args = [
            "audit",
            "export",
            path.to_str().unwrap(),
            "--format",
            format,
        ];
        (
            home.run(&[&args[..], more, &["--as", "frank"]].concat()),
            path,
        )
    };
    let some = ["--type", "job.accepted", "--since", "1d"];
    let (done, path) = export("some.jsonl", "jsonl", &some);
    done.ok();
    let lines = fs::read_to_string(path).unwrap();
    let ids: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
        .collect();
    let mut listed = home.json(&[&["audit", "search", "--as", "frank"][..], &some].concat());
    let listed = listed["items"].as_array_mut().unwrap();
    listed.reverse();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().eq(listed.iter().map(|event| &event["id"])));
    // By whose items they are; the number itself is nowhere on record.
    let item: Value = serde_json::from_str(&example("agent_invoice_review", |_| ())).unwrap();
    let number = item["seller"]["tax_id"].as_str().unwrap();
    let of_party = [
        "audit", "search", "--party", "-", "--limit", "500", "--json", "--as", "frank",
    ];
    let theirs = home.run_with(&of_party, number.as_bytes()).ok().json();
    let theirs = theirs["items"].as_array().unwrap();
    assert!(theirs.len() >= 3 && theirs.iter().all(|event| event["job"].is_string()));
    let nobody = home.run_with(&of_party, b"91440300MA50001294").ok().json();
    assert_eq!(nobody["items"], json!([]));
    home.run_with(&of_party, b"").fails(2, &["--party"]);
    let reads = home.json(&["audit", "search", "--type", "audit.read", "--as", "frank"]);
    assert!(!reads.to_string().contains(number));
    export("some.jsonl", "jsonl", &some)
        .0
        .fails(4, &["is there already"]);
    export("some", "bundle", &some).0.fails(2, &["whole log"]);
    export("no/some.csv", "csv", &[])
        .0
        .fails(3, &["no/some.csv"]);
    let (done, path) = export("all.csv", "csv", &[]);
    done.ok();
    let text = fs::read_to_string(path).unwrap();
    assert!(text.starts_with("\u{feff}time,type,actor_kind,") && text.lines().count() > 20);
    let (done, path) = export("all.xlsx", "xlsx", &[]);
    done.ok();
    assert!(fs::read(path).unwrap().starts_with(b"PK"));
    let left = fs::read_dir(home.path("")).unwrap();
    let draft = |name: String| name.contains(".new-");
    assert!(
        !left
            .flatten()
            .any(|file| draft(file.file_name().to_string_lossy().into()))
    );
}

/// Speaks to the ledger's file past the ledger, with Python's own SQLite.
fn change_file(home: &Home, sql: &str) -> bool {
    let script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
                  n=c.execute(sys.argv[2]).rowcount; c.commit(); sys.exit(0 if n==1 else 1)";
    let mut python = Command::new("python3");
    python
        .args(["-c", script])
        .arg(home.data_dir().join("ledger.db"))
        .arg(sql);
    python.status().unwrap().success()
}
