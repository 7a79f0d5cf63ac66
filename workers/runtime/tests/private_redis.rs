//! The supervised Redis, against the real program.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clerkwork_runtime::{
    DataDirError, DataDirLock, Machine, PrivateRedis, PrivateRedisError, prepare_data_dir,
};
use clerkwork_testkit::eventually;
use redis::AsyncCommands;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(20);

/// A data folder; a server that a failing test leaves in it is ended.
struct Folder {
    path: PathBuf,
    _temp: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self::named("data")
    }

    fn named(name: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(name);
        prepare_data_dir(&path).unwrap();
        Self { path, _temp: temp }
    }

    fn lock(&self) -> DataDirLock {
        DataDirLock::acquire(&self.path).unwrap()
    }

    async fn start(&self) -> (PrivateRedis, DataDirLock) {
        let lock = self.lock();
        let redis = PrivateRedis::start(&lock, &Machine::from_process()).await;
        (redis.unwrap(), lock)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(pid) = left_behind(&self.path) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn left_behind(data_dir: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data_dir.join("redis/redis.pid")).ok()?;
    let pid = text.trim().parse().ok()?;
    let folder = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    (folder == data_dir.join("redis")).then(|| Pid::from_raw(pid))?
}

fn pid(redis: &PrivateRedis) -> Pid {
    Pid::from_raw(redis.pid().unwrap()).unwrap()
}

async fn connection(redis: &PrivateRedis) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test]
async fn it_starts_keeps_its_data_and_stops() {
    let folder = Folder::named("a folder with spaces, 税 and %41");
    let (redis, lock) = folder.start().await;
    assert!(!redis.was_adopted());
    let server = pid(&redis);
    let mut it = connection(&redis).await;
    let () = it.set("key", "value").await.unwrap();
    for (name, expected) in [
        ("port", "0"),
        ("appendonly", "yes"),
        ("maxmemory-policy", "noeviction"),
        ("save", ""),
    ] {
        let (_, value): (String, String) = redis::cmd("CONFIG")
            .arg(&["GET", name])
            .query_async(&mut it)
            .await
            .unwrap();
        assert_eq!(value, expected, "{name}");
    }
    redis.stop().await;
    assert!(test_kill_process(server).is_err(), "the process has ended");
    drop(lock);

    let (redis, _lock) = folder.start().await;
    assert!(!redis.was_adopted());
    let value: String = connection(&redis).await.get("key").await.unwrap();
    assert_eq!(value, "value");
    redis.stop().await;
}

#[tokio::test]
async fn it_comes_back_after_kill_9_at_the_same_address() {
    let folder = Folder::new();
    let (redis, _lock) = folder.start().await;
    for _ in 0..2 {
        let first = pid(&redis);
        kill_process(first, Signal::KILL).unwrap();
        eventually(SOON, async || {
            redis
                .pid()
                .is_some_and(|pid| pid != first.as_raw_nonzero().get())
        })
        .await;
        let pong: String = redis::cmd("PING")
            .query_async(&mut connection(&redis).await)
            .await
            .unwrap();
        assert_eq!(pong, "PONG");
    }
    redis.stop().await;
}

#[tokio::test]
async fn a_server_that_outlived_us_is_adopted_watched_and_stopped() {
    let folder = Folder::new();
    let (redis, lock) = folder.start().await;
    let first = pid(&redis);
    // As in a crash: the lock goes, the server stays.
    drop((redis, lock));
    let (redis, lock) = folder.start().await;
    assert!(redis.was_adopted());
    assert_eq!(pid(&redis), first);
    kill_process(first, Signal::KILL).unwrap();
    eventually(SOON, async || {
        redis
            .pid()
            .is_some_and(|pid| pid != first.as_raw_nonzero().get())
    })
    .await;
    drop((redis, lock));
    let (redis, _lock) = folder.start().await;
    assert!(redis.was_adopted());
    let second = pid(&redis);
    redis.stop().await;
    assert!(left_behind(&folder.path).is_none(), "{second:?} has ended");
}

#[tokio::test]
async fn a_server_of_ours_at_another_socket_is_replaced_not_joined() {
    let folder = Folder::named(&"long".repeat(40));
    let runtime = tempfile::Builder::new().prefix("cw").tempdir().unwrap();
    let machine = |runtime_dir: Option<&Path>| Machine {
        runtime_dir: runtime_dir.map(Path::to_owned),
        ..Machine::from_process()
    };
    let lock = folder.lock();
    let first = PrivateRedis::start(&lock, &machine(Some(runtime.path())))
        .await
        .unwrap();
    assert!(first.url().contains(runtime.path().to_str().unwrap()));
    let old = pid(&first);
    drop(first);
    let temp = tempfile::Builder::new()
        .prefix("cw")
        .tempdir_in("/tmp")
        .unwrap();
    let elsewhere = Machine {
        temp: temp.path().to_owned(),
        ..machine(None)
    };
    let second = PrivateRedis::start(&lock, &elsewhere).await.unwrap();
    assert!(!second.was_adopted());
    eventually(SOON, async || {
        // Our own dead child stays a zombie until its runtime reaps it.
        fs::read_link(format!("/proc/{}/cwd", old.as_raw_nonzero())).is_err()
    })
    .await;
    second.stop().await;
}

#[tokio::test]
async fn data_that_redis_refuses_are_set_aside() {
    let folder = Folder::new();
    let (redis, lock) = folder.start().await;
    let () = connection(&redis).await.set("key", "value").await.unwrap();
    redis.stop().await;
    drop(lock);
    let data = folder.path.join("redis/appendonlydir");
    for file in fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|end| end == "aof") {
            fs::write(path, "this is not an append only file\r\n".repeat(9)).unwrap();
        }
    }
    let (redis, _lock) = folder.start().await;
    let exists: bool = connection(&redis).await.exists("key").await.unwrap();
    assert!(!exists);
    let names = fs::read_dir(folder.path.join("redis")).unwrap();
    let kept = names
        .filter_map(|file| file.unwrap().file_name().into_string().ok())
        .any(|name| name.starts_with("appendonlydir.refused-"));
    assert!(kept, "the refused data are still there");
    redis.stop().await;
}

#[tokio::test]
async fn what_is_missing_is_said_in_one_sentence() {
    let folder = Folder::new();
    let lock = folder.lock();
    let bare = Machine {
        temp: "/tmp".into(),
        ..Machine::default()
    };
    let error = PrivateRedis::start(&lock, &bare).await.unwrap_err();
    assert!(matches!(error, PrivateRedisError::NoProgram));
    let second = DataDirLock::acquire(&folder.path).unwrap_err();
    assert!(matches!(second, DataDirError::InUse { .. }), "{second}");

    fs::write(
        folder.path.join("redis-server"),
        "#!/bin/sh\necho out of order\nexit 1\n",
    )
    .unwrap();
    make_runnable(&folder.path.join("redis-server"));
    let broken = Machine {
        path: folder.path.clone().into(),
        ..bare.clone()
    };
    let sentence = PrivateRedis::start(&lock, &broken)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        sentence.contains("did not start: out of order;"),
        "{sentence}"
    );

    let far = Machine {
        temp: "/tmp/".repeat(30).into(),
        ..bare
    };
    let long = Folder::named(&"long".repeat(40));
    let error = PrivateRedis::start(&long.lock(), &far).await.unwrap_err();
    assert!(
        matches!(error, PrivateRedisError::SocketPathTooLong(_)),
        "{error}"
    );
}

#[tokio::test]
async fn its_folder_must_be_a_folder() {
    let folder = Folder::new();
    fs::write(folder.path.join("redis"), "").unwrap();
    let lock = folder.lock();
    let machine = Machine::from_process();
    let error = PrivateRedis::start(&lock, &machine).await.unwrap_err();
    assert!(matches!(error, PrivateRedisError::Folder { .. }), "{error}");
}

fn make_runnable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
