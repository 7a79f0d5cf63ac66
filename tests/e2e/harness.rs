//! A private installation, and the binary run on it.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;

/// No command but `up` may take longer.
const COMMAND_WITHIN: Duration = Duration::from_secs(60);

/// An installation of one test; gone when dropped.
pub struct Home {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("cw-e2e-")
            .tempdir()
            .unwrap();
        Self {
            folder,
            environment: Vec::new(),
        }
    }

    /// With the people of the demo, each signed in by `--as`: alice (operator), bob (integrity
    /// supervisor and auditor), carol (business supervisor), dave (administrator), erin (integrator)
    /// and frank (auditor). Commands that name nobody are bob's.
    pub fn with_people() -> Self {
        let mut home = Self::new();
        home.people();
        home
    }

    /// Makes the people of [`with_people`](Self::with_people).
    pub fn people(&mut self) {
        self.run(&["init", "--admin", "dave"]).ok();
        for (name, roles) in [
            ("alice", &["operator"][..]),
            ("bob", &["supervisor:integrity", "auditor"]),
            ("carol", &["supervisor:business"]),
            ("erin", &["integrator"]),
            ("frank", &["auditor"]),
        ] {
            let mut args = vec!["user", "create", name, "--as", "dave"];
            for role in roles {
                args.extend(["--role", role]);
            }
            self.run(&args).ok();
            self.run(&["token", "create", name, "--save", "--as", "dave"])
                .ok();
        }
        self.set("CLERKWORK_USER", "bob");
    }

    /// Runs a command that says nothing about who acts.
    pub fn anonymous(&self, args: &[&str]) -> Done {
        let mut command = self.command(args);
        command.env_remove("CLERKWORK_USER");
        finish(command, b"")
    }

    /// Adds a variable for every command to come.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.into(), value.into()));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file and tells its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The command on this installation, before it is started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(args);
        command.arg("--data-dir").arg(self.data_dir());
        command.env("HOME", self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Done {
        finish(self.command(args), b"")
    }

    /// Runs a command that reads `stdin`.
    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Done {
        finish(self.command(args), stdin)
    }

    /// Runs a command with `--json` that must succeed; its document.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        self.run(&args).ok().json()
    }

    /// Starts `clerkwork up` and waits until it works.
    pub fn up(&self, args: &[&str]) -> Up {
        let mut all = vec!["up"];
        all.extend(args);
        Up::start(self.command(&all), "running; Ctrl-C ends it")
    }

    /// The state of a job.
    pub fn state_of(&self, job: &str) -> String {
        let shown = self.json(&["job", "show", job]);
        shown["state"].as_str().unwrap().to_owned()
    }

    /// Looks at the review of a job, then decides it on what was shown.
    pub fn decide(&self, verb: &str, job: &str, note: &str, user: &str) -> Done {
        let shown = self.json(&["review", "show", job]);
        let shown = shown["shown"].as_str().unwrap();
        self.decide_on(verb, job, shown, note, user)
    }

    /// Decides the review of a job on what somebody says was shown.
    pub fn decide_on(&self, verb: &str, job: &str, shown: &str, note: &str, user: &str) -> Done {
        let what = ["review", verb, job, "--shown", shown, "--code", "other"];
        self.run(&[&what[..], &["--note", note, "--as", user, "--json"]].concat())
    }

    /// Waits until a job is in a state.
    pub fn wait_for(&self, job: &str, state: &str) {
        eventually(&format!("job {job} is {state}"), || {
            (self.state_of(job) == state).then_some(())
        });
    }
}

/// The binary without an installation and without the caller's settings.
pub fn bare(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clerkwork"));
    command.args(args).env_clear();
    for name in ["PATH", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("TZ", "Asia/Shanghai");
    command.env("CLERKWORK__CONSOLE__BIND", "127.0.0.1:0");
    command
}

/// Runs a command to its end.
pub fn finish(mut command: Command, stdin: &[u8]) -> Done {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut input = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that refuses early does not read to the end.
        let _ = input.write_all(&stdin);
    });
    let id = child.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(COMMAND_WITHIN) else {
        signal(id, "KILL");
        panic!("{command:?} did not end within {COMMAND_WITHIN:?}");
    };
    writer.join().unwrap();
    Done::from(output.unwrap())
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

impl Done {
    /// It must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// It must have ended with this code, one clear sentence, and nothing that looks like a crash.
    #[track_caller]
    pub fn fails(self, code: i32, says: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        for part in says {
            assert!(self.stderr.contains(part), "no `{part}` in {self:#?}");
        }
        self
    }

    /// The one JSON document on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The error that `--json` writes to stderr.
    #[track_caller]
    pub fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let value: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        value["error"].clone()
    }
}

/// A process that runs until it is told to end.
pub struct Up {
    child: Child,
    said: Arc<Mutex<String>>,
    ended: bool,
}

impl Up {
    /// Starts it and waits until stderr or stdout says `ready`.
    #[track_caller]
    pub fn start(mut command: Command, ready: &str) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let said = Arc::new(Mutex::new(String::new()));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        collect(stdout, Arc::clone(&said));
        collect(stderr, Arc::clone(&said));
        let mut up = Self {
            child,
            said,
            ended: false,
        };
        eventually(&format!("it says `{ready}`"), || {
            if let Some(status) = up.child.try_wait().unwrap() {
                up.ended = true;
                panic!("it ended with {status}: {}", up.said());
            }
            up.said().contains(ready).then_some(())
        });
        up
    }

    /// Everything it said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let status = eventually("it ends", || child.try_wait().unwrap());
        self.ended = true;
        status
    }

    /// Ends it as Ctrl-C does.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("INT");
        self.wait()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.signal("TERM");
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(stream: impl std::io::Read + Send + 'static, into: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = into.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    });
}

fn signal(process: u32, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &process.to_string()])
        .status();
    assert!(status.unwrap().success(), "cannot send {name} to {process}");
}

/// Asks until it is so, or fails after a minute.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(value) = ask() {
            return value;
        }
        assert!(Instant::now() < end, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The example payload of a kind, changed by `change`.
pub fn example(kind: &str, change: impl FnOnce(&mut Value)) -> String {
    let done = finish(bare(&["job", "example", kind]), b"").ok();
    let mut value = done.json();
    change(&mut value);
    value.to_string()
}

/// The files in a folder whose name holds `part`.
pub fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.to_string_lossy().contains(part))
        .collect()
}
