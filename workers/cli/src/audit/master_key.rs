//! `clerkwork audit rotate-master-key`
//!
//! At every moment a key that somebody holds opens the ledger: the new one is written down first, then it
//! opens the ledger beside the old one, then it takes the old one's place, and only then the old one is
//! retired. Ended anywhere in between, the command is simply run again.

use std::path::{Path, PathBuf};

use clerkwork_audit::MasterKey;
use clerkwork_ledger::{Ledger, MasterKeyChanged};
use clerkwork_runtime::{
    KeySource, MASTER_KEY, StartError, create_secret_file, master_key_source, read_master_key,
    write_secret_file,
};
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation,
    sign_in::{Acting, Principal},
};

/// Lets another master key open what the ledger has sealed.
///
/// The key of the data folder is replaced in one go. Where several machines share a ledger, or the key comes
/// from elsewhere, make a new one (`openssl rand -hex 32`), name its file with --new-key, start every process
/// anew with it, and then retire the others with --finish. What runs goes on with what it has opened.
/// Personal data are not sealed anew: the keys that seal them are. With --json: {"opens", "retired"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork audit rotate-master-key --as dave
  clerkwork audit rotate-master-key --new-key /etc/clerkwork/master.2027 --as dave
  clerkwork audit rotate-master-key --finish --as dave")]
pub struct Args {
    /// File with the new key: 64 hexadecimal digits, readable by you alone
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
    /// Every process has the key that this command was given: no other opens the ledger from now on
    #[arg(long, conflicts_with = "new_key")]
    finish: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "audit.rotate_master_key";
    let admin = context.authorise(&opened, &args.acting, verb, None).await?;
    let ledger = &opened.ledger;
    let in_use = || async {
        let keys = ledger.master_keys().await?;
        let own = keys.into_iter().find(|key| key.in_use);
        own.map(|key| key.id).ok_or_else(|| {
            Failure::refused(
                "retired",
                "the key that this command was given was retired a moment ago; name the new one",
            )
        })
    };
    let out = &context.out;
    if args.finish {
        let keep = in_use().await?;
        let retired = retire(ledger, keep, &admin).await?;
        out.line(format!("retired: {}", retired.len()));
        out.json(&json!({"opens": keep.to_string(), "retired": retired}));
        return Ok(Exit::Done);
    }
    if let Some(path) = &args.new_key {
        let key = read_master_key(path).map_err(StartError::from)?;
        add(ledger, &key, &admin).await?;
        out.line(format!(
            "added: `{}`. Start every process with it, and then run `clerkwork audit rotate-master-key \
             --finish` with it",
            path.display()
        ));
        out.json(&json!({"opens": key.id().to_string(), "retired": []}));
        return Ok(Exit::Done);
    }
    let KeySource::File(path) = master_key_source(&opened.config) else {
        return Err(Failure::usage(format!(
            "the master key comes from {MASTER_KEY}: put a new one into a file and name that with \
             `--new-key`"
        )));
    };
    let key = written_down(&path)?;
    add(ledger, &key, &admin).await?;
    write_secret_file(&path, &(key.to_hex() + "\n")).map_err(unwritten)?;
    let retired = retire(ledger, key.id(), &admin).await?;
    // What it was written down in until it had its place.
    std::fs::remove_file(beside(&path)).map_err(|error| {
        Failure::missing(
            "not_removed",
            format!("`{}`: {error}; remove it", beside(&path).display()),
        )
    })?;
    out.line(format!(
        "`{}` holds another master key; keep a copy of it in a safe place",
        path.display()
    ));
    out.json(&json!({"opens": key.id().to_string(), "retired": retired}));
    Ok(Exit::Done)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

/// The new key, made durable beside the old one; the same when an earlier try ended half-way.
fn written_down(path: &Path) -> Result<MasterKey, Failure> {
    let new = beside(path);
    create_secret_file(&new, &(MasterKey::generate().to_hex() + "\n")).map_err(unwritten)?;
    Ok(read_master_key(&new).map_err(StartError::from)?)
}

fn unwritten(error: impl std::fmt::Display) -> Failure {
    Failure::missing("not_written", error.to_string())
}

async fn add(ledger: &Ledger, key: &MasterKey, admin: &Principal) -> Result<(), Failure> {
    done(ledger.add_master_key(key, &admin.authority()).await?).map(|_| ())
}

async fn retire(
    ledger: &Ledger,
    keep: clerkwork_core::Digest,
    admin: &Principal,
) -> Result<Vec<String>, Failure> {
    done(ledger.retire_master_keys(keep, &admin.authority()).await?)
}

fn done(changed: MasterKeyChanged) -> Result<Vec<String>, Failure> {
    match changed {
        MasterKeyChanged::Yes(retired) => Ok(retired.iter().map(ToString::to_string).collect()),
        MasterKeyChanged::AuthorityChanged(name) => Err(Failure::refused(
            "authority_changed",
            format!("the rights of `{name}` were changed a moment ago; try again"),
        )),
    }
}
