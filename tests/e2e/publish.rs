//! Heads of the log, handed to others.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
};

use serde_json::json;

use crate::harness::{Home, eventually};

/// Listens for one POST, answers it, and gives what it said.
fn one_post(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook/T0-secret", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        let mut said = Vec::new();
        let mut some = [0; 4_096];
        loop {
            let n = caller.read(&mut some).unwrap();
            said.extend_from_slice(&some[..n]);
            let text = String::from_utf8_lossy(&said).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>())
            });
            if length.is_none_or(|length| body.len() >= length.unwrap()) {
                caller.write_all(answer.as_bytes()).unwrap();
                return text;
            }
        }
    });
    (url, heard)
}

#[test]
fn a_head_is_published_to_a_folder_a_webhook_and_a_mail_spool() {
    let home = Home::with_people();
    let folder = home.path("archive");
    let spool = home.path("mail");
    for made in [
        &folder,
        &spool.join("tmp"),
        &spool.join("new"),
        &spool.join("cur"),
    ] {
        fs::create_dir_all(made).unwrap();
    }
    let (folder, spool) = (folder.to_str().unwrap(), spool.to_str().unwrap());
    let publish =
        |more: &[&str]| home.run(&[&["audit", "publish", "--as", "frank"], more].concat());
    publish(&["--folder", folder]).fails(3, &["no signed checkpoint"]);
    publish(&[]).fails(2, &["--folder"]);
    let up = home.up(&[]);
    eventually("there is a head", || {
        home.run(&["audit", "checkpoint", "--as", "frank"])
            .code
            .filter(|code| *code == 0)
    });
    let (url, heard) = one_post("HTTP/1.1 204 No Content\r\n\r\n");
    let places = [
        "--folder",
        folder,
        "--webhook",
        &url,
        "--spool",
        spool,
        "--mail-to",
        "a@example.org",
    ];
    publish(&places).ok();
    let posted = heard.join().unwrap();
    let file = fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let note = fs::read_to_string(&file).unwrap();
    let mail = fs::read_dir(home.path("mail/new"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mail = fs::read_to_string(mail).unwrap().replace("\r\n", "\n");
    assert!(note.starts_with("clerkwork.local/"), "{note}");
    // Between one place and the next the log may have grown; each is a head of it.
    for text in [&posted, &mail] {
        assert!(
            text.contains(note.lines().next().unwrap()) && text.contains('—'),
            "{text}"
        );
    }
    let saved = [
        "audit",
        "verify",
        "--saved",
        file.to_str().unwrap(),
        "--as",
        "frank",
    ];
    home.run(&saved).ok();
    let told = home.json(&[
        "audit",
        "search",
        "--type",
        "log.published",
        "--as",
        "frank",
    ]);
    assert_eq!(told["items"].as_array().unwrap().len(), 3);
    assert!(!told.to_string().contains("T0-secret"), "{told}");

    let (url, heard) = one_post("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n");
    let refused = publish(&["--webhook", &url]).fails(3, &["500", "webhook http://127.0.0.1"]);
    assert!(!refused.stderr.contains("T0-secret"), "{refused:#?}");
    heard.join().unwrap();
    publish(&["--webhook", "http://example.org/x"]).fails(2, &["https://"]);
    publish(&["--folder", "/nowhere/at/all"]).fails(3, &["/nowhere/at/all"]);
    let later = format!("{folder}/checkpoint-999999999999");
    fs::copy(&file, &later).unwrap();
    publish(&["--folder", folder]).fails(1, &["set back"]);
    up.stop();
    let wrong = home.file("wrong.toml", "[audit]\npublish_spool = \"/x\"\n");
    home.run(&["config", "check", "--config", &wrong])
        .fails(2, &["publish_mail_to"]);
    let shown = home.file(
        "hook.toml",
        "[audit]\npublish_webhook = \"https://a/T0-secret\"\n",
    );
    let shown = home.json(&["config", "show", "--config", &shown]);
    assert!(!shown.to_string().contains("T0-secret"));
    assert_ne!(shown["items"], json!([]));
}
