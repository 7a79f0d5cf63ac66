//! The simulated platform as a process of its own, so that a test can read its book and switch its
//! faults.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use crate::harness::{Home, Up};

/// A running platform; ends when dropped.
pub struct Platform {
    address: String,
    token: String,
    admin_token: String,
    _process: Up,
}

impl Platform {
    /// Starts one and makes it the upstream of `home`.
    pub fn start(home: &mut Home, seed: u64, applications: usize) -> Self {
        Self::with_red_letters(home, seed, applications, 0)
    }

    /// Starts one with applications of both kinds.
    pub fn with_red_letters(
        home: &mut Home,
        seed: u64,
        applications: usize,
        red_letters: usize,
    ) -> Self {
        let (seed, applications) = (seed.to_string(), applications.to_string());
        let red_letters = red_letters.to_string();
        let args = [
            "sandbox",
            "--bind",
            "127.0.0.1:0",
            "--seed",
            &seed,
            "--applications",
            &applications,
            "--red-letters",
            &red_letters,
        ];
        let process = Up::start(home.command(&args), "tokens:");
        let said = process.said();
        let after = |label: &str| {
            let line = said
                .lines()
                .find_map(|line| line.strip_prefix(label))
                .unwrap();
            line.trim().to_owned()
        };
        let url = after("address:");
        let tokens = std::fs::read_to_string(after("tokens:")).unwrap();
        let mut tokens = tokens.lines();
        home.set("CLERKWORK__ETAX__BASE_URL", &url);
        let token = tokens.next().unwrap().to_owned();
        home.set("CLERKWORK__ETAX__TOKEN", &token);
        Self {
            address: url.strip_prefix("http://").unwrap().to_owned(),
            token,
            admin_token: tokens.next().unwrap().to_owned(),
            _process: process,
        }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What its API is asked with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What was issued and returned, by the application's number.
    pub fn book(&self) -> Value {
        self.ask("GET", "book", "")
    }

    /// Puts these faults in the place of those in force.
    pub fn set_faults(&self, faults: &Value) {
        self.ask("POST", "faults", &faults.to_string());
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} /admin/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            self.admin_token,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}
