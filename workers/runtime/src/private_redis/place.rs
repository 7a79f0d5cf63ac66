//! Where a private Redis lives.

use std::{
    fs::DirBuilder,
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt},
    },
    path::{Path, PathBuf},
};

use clerkwork_core::Digest;

use super::PrivateRedisError;
use crate::Machine;

/// `sun_path` holds 104 bytes on some systems, with its final zero and Redis's temporary suffix.
const LONGEST: usize = 99;

/// The folder and the socket of the private Redis of a data folder. The same for every process
/// with the same surroundings, so that others than the one that starts it find it, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisPlace {
    folder: PathBuf,
    socket: PathBuf,
}

impl RedisPlace {
    /// The place that belongs to `data_dir`. Touches nothing.
    pub fn of(data_dir: &Path, machine: &Machine) -> Self {
        let folder = data_dir.join("redis");
        let beside = folder.join("redis.sock");
        if fits(&beside) {
            return Self {
                folder,
                socket: beside,
            };
        }
        let digest = Digest::of(&[folder.as_os_str().as_bytes()]).to_string();
        let name = format!("clerkwork-{}", &digest[..16]);
        let user = rustix::process::geteuid().as_raw();
        let candidates = [
            machine.runtime_dir.as_ref().map(|at| at.join(&name)),
            Some(machine.temp.join(format!("{name}-{user}"))),
        ];
        let mut sockets = candidates.into_iter().flatten();
        let socket = sockets.find_map(|at| Some(at.join("redis.sock")).filter(|at| fits(at)));
        Self {
            folder,
            socket: socket.unwrap_or(beside),
        }
    }

    /// Makes the folders, for this user alone.
    pub(super) fn prepare(&self) -> Result<(), PrivateRedisError> {
        if !fits(&self.socket) {
            return Err(PrivateRedisError::SocketPathTooLong(self.socket.clone()));
        }
        self.make(&self.folder)?;
        let home = self.socket.parent().unwrap_or(&self.folder);
        if home != self.folder {
            tracing::warn!(
                redis.socket = %self.socket.display(),
                "the data folder's path is too long for a unix socket, so the private redis listens elsewhere"
            );
            self.make(home)?;
            let about = home.symlink_metadata().map_err(|e| self.trouble(home, e))?;
            let ours = about.uid() == rustix::process::geteuid().as_raw();
            if !about.is_dir() || !ours || about.mode() & 0o077 != 0 {
                return Err(PrivateRedisError::SocketFolderOpen(home.to_owned()));
            }
        }
        Ok(())
    }

    fn make(&self, folder: &Path) -> Result<(), PrivateRedisError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(|e| self.trouble(folder, e))
    }

    pub(super) fn trouble(&self, folder: &Path, source: io::Error) -> PrivateRedisError {
        PrivateRedisError::Folder {
            folder: folder.to_owned(),
            source,
        }
    }

    /// Where its data are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("redis.log")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.folder.join("redis.pid")
    }

    /// The address, `redis+unix:///…`, with what has a meaning in addresses escaped.
    pub fn url(&self) -> String {
        let mut url = "redis+unix://".to_owned();
        for byte in self.socket.as_os_str().as_bytes() {
            if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
                url.push(char::from(*byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url
    }
}

fn fits(socket: &Path) -> bool {
    socket.as_os_str().len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(runtime_dir: &str) -> Machine {
        Machine {
            runtime_dir: Some(runtime_dir.into()),
            temp: "/tmp".into(),
            ..Machine::default()
        }
    }

    #[test]
    fn the_socket_lies_beside_the_data_where_it_fits() {
        let place = RedisPlace::of(Path::new("/var/lib/clerkwork"), &machine("/run/user/1"));
        assert_eq!(place.socket(), "/var/lib/clerkwork/redis/redis.sock");
        let place = RedisPlace::of(Path::new("/a b/税?"), &machine("/run/user/1"));
        assert_eq!(
            place.url(),
            "redis+unix:///a%20b/%E7%A8%8E%3F/redis/redis.sock"
        );
    }

    #[test]
    fn a_long_folder_gets_a_short_socket_of_its_own() {
        let (one, two) = ("/a".repeat(60), "/b".repeat(60));
        let long = "/run".repeat(30);
        for runtime in ["/run/user/1", &long] {
            let place = RedisPlace::of(Path::new(&one), &machine(runtime));
            assert!(fits(place.socket()));
            assert_eq!(place, RedisPlace::of(Path::new(&one), &machine(runtime)));
            let other = RedisPlace::of(Path::new(&two), &machine(runtime));
            assert_ne!(place.socket(), other.socket());
        }
    }
}
