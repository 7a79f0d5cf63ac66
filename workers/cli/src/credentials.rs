//! Tokens that are kept in the data folder, one file a user, for their owner's eyes alone.
//!
//! For a machine on which one operating-system user works under several names, as in a demo or at
//! first. Elsewhere a token belongs into the environment or a file of its own.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use clerkwork_ledger::Token;
use clerkwork_runtime::{Config, read_secret_file, write_secret_file};

use crate::failure::Failure;

const FOLDER: &str = "credentials";

/// Where the token of this user is kept.
pub fn path(config: &Config, user: &str) -> PathBuf {
    config.in_data_dir(FOLDER).join(user)
}

/// Keeps a token, in place of an earlier one.
pub fn save(config: &Config, user: &str, token: &Token) -> Result<PathBuf, Failure> {
    if user.starts_with('.') {
        return Err(Failure::usage(format!(
            "`{user}` begins with a dot, so no file is named after it; leave the token out of the \
             data folder"
        )));
    }
    let folder = config.in_data_dir(FOLDER);
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder);
    made.map_err(|error| {
        let text = format!("cannot make the folder `{}`: {error}", folder.display());
        Failure::missing("credentials", text)
    })?;
    let path = path(config, user);
    write_secret_file(&path, &(token.reveal() + "\n"))
        .map_err(|error| Failure::missing("credentials", error.to_string()))?;
    Ok(path)
}

/// The token in a file; refused when others may read the file.
pub fn read(path: &Path) -> Result<Token, Failure> {
    let text =
        read_secret_file(path).map_err(|error| Failure::refused("sign_in", error.to_string()))?;
    text.parse()
        .map_err(|error| Failure::refused("sign_in", format!("`{}`: {error}", path.display())))
}
