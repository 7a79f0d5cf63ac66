//! How other commands reach the simulated platform of a running `clerkwork up`: through a file in
//! the data folder with its address and token, which is there as long as the platform runs.
//!
//! Invariants:
//! * only the file's owner can read it, and one that others can read, or that is somebody else's, is
//!   not believed;
//! * it names this machine only;
//! * settings that name a platform go before it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use clerkwork_runtime::{Config, Secret};

use crate::failure::Failure;

const FILE: &str = "sandbox.connection";

/// A platform on this machine takes a connection at once or does not run.
const KNOCK: Duration = Duration::from_secs(2);

/// The file, as long as the platform runs; gone when dropped.
#[derive(Debug)]
pub struct Connection(PathBuf);

impl Drop for Connection {
    fn drop(&mut self) {
        // One that stays is found out by who reads it.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Tells other commands of this installation where its platform is.
pub fn publish(config: &Config, url: &str, token: &str) -> std::io::Result<Connection> {
    let path = config.in_data_dir(FILE);
    write(&path, &format!("{url}\n{token}\n"))?;
    Ok(Connection(path))
}

/// Writes a file that only its owner can read. A link or a file of others is never written
/// through: the new file takes its place.
pub fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.and_then(|()| std::fs::rename(&draft, path))
}

/// The settings with the platform of the running `clerkwork up`, where they name none and one
/// runs for this data folder.
pub fn fill_in(config: &Config) -> Result<Config, Failure> {
    let mut config = config.clone();
    let path = config.in_data_dir(FILE);
    if config.etax.base_url.is_some() || !path.exists() {
        return Ok(config);
    }
    let unusable = |why: String| {
        let message = format!("`{}` {why}", path.display());
        Failure::missing("upstream", message)
    };
    let text = read(&path).map_err(unusable)?;
    let mut lines = text.lines();
    let (Some(url), Some(token)) = (lines.next(), lines.next()) else {
        return Err(unusable(
            "is not whole; start `clerkwork up` again".to_owned(),
        ));
    };
    let address = url
        .strip_prefix("http://")
        .and_then(|address| address.parse::<SocketAddr>().ok());
    let Some(address) = address.filter(|address| address.ip().is_loopback()) else {
        return Err(unusable(
            "names no address on this machine; start `clerkwork up` again".to_owned(),
        ));
    };
    if TcpStream::connect_timeout(&address, KNOCK).is_err() {
        return Err(unusable(format!(
            "names the simulated platform at {address}, which does not answer: `clerkwork up` \
             does not run any more; start it again"
        )));
    }
    config.etax.base_url = Some(url.to_owned());
    config.etax.token = Some(Secret::new(token));
    Ok(config)
}

fn read(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    let us = rustix::process::geteuid().as_raw();
    believable(about.uid(), us, about.mode() & 0o777)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Whether a file of this owner and mode is believed by `us`.
fn believable(owner: u32, us: u32, mode: u32) -> Result<(), String> {
    if owner != us {
        return Err(format!(
            "belongs to another user (uid {owner}, this is uid {us}) and is not believed; run this \
             as the user who runs `clerkwork up`"
        ));
    }
    if mode & 0o077 != 0 {
        return Err(format!(
            "can be read by others (mode {mode:03o}) and is not believed; start `clerkwork up` \
             again"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clerkwork_runtime::Sources;
    use std::{net::TcpListener, os::unix::fs::PermissionsExt};

    fn settings(folder: &Path) -> Config {
        let dir = folder.display().to_string();
        let sources = Sources::default().with_override("--data-dir", "data_dir", Some(dir));
        Config::load(&sources).unwrap()
    }

    #[test]
    fn a_running_platform_is_found_and_gone_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let config = settings(folder.path());
        assert!(fill_in(&config).unwrap().etax.base_url.is_none());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let published = publish(&config, &url, "t0ken").unwrap();
        let filled = fill_in(&config).unwrap();
        assert_eq!(filled.etax.base_url.as_deref(), Some(url.as_str()));
        assert_eq!(filled.etax.token.unwrap().expose(), "t0ken");
        let mut named = config.clone();
        named.etax.base_url = Some("https://etax.example".into());
        let kept = fill_in(&named).unwrap().etax.base_url;
        assert_eq!(kept.as_deref(), Some("https://etax.example"));
        drop(published);
        assert!(fill_in(&config).unwrap().etax.base_url.is_none());
    }

    #[test]
    fn a_file_that_is_stale_open_or_leads_elsewhere_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let config = settings(folder.path());
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", gone.local_addr().unwrap());
        drop(gone);
        let path = config.in_data_dir(FILE);
        for (text, says) in [
            (format!("{url}\nt\n"), "does not run any more"),
            (url.clone(), "not whole"),
            (
                "http://192.0.2.1:80\nt\n".into(),
                "no address on this machine",
            ),
            (
                "https://etax.example\nt\n".into(),
                "no address on this machine",
            ),
        ] {
            write(&path, &text).unwrap();
            let said = fill_in(&config).unwrap_err().message;
            assert!(said.contains(says), "{said}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let said = fill_in(&config).unwrap_err().message;
        assert!(said.contains("read by others"), "{said}");
    }
    #[test]
    fn a_file_of_another_user_is_not_believed_whoever_asks() {
        assert_eq!(believable(1_000, 1_000, 0o600), Ok(()));
        for (owner, us) in [(1_001, 1_000), (0, 1_000), (1_000, 0)] {
            let said = believable(owner, us, 0o600).unwrap_err();
            assert!(said.contains("another user"), "{said}");
        }
        assert!(believable(1_000, 1_000, 0o640).is_err());
        let us = rustix::process::geteuid();
        if !us.is_root() {
            return; // Nobody else can give a file away.
        }
        let folder = tempfile::tempdir().unwrap();
        let config = settings(folder.path());
        let path = config.in_data_dir(FILE);
        write(&path, "http://127.0.0.1:1\nt\n").unwrap();
        std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
        let said = fill_in(&config).unwrap_err().message;
        assert!(said.contains("another user (uid 65534"), "{said}");
    }
}
