//! `clerkwork init`

use clerkwork_core::Office;
use clerkwork_ledger::{Ledger, Token};
use serde_json::json;

use super::{office, refused};
use crate::{
    context::Context,
    credentials,
    failure::{Exit, Failure, Outcome},
    installation, texts,
};

/// Makes the first administrator of an installation.
///
/// Prints their token once, and keeps it in the data folder, readable by its owner alone, so that
/// `--as NAME` signs in on this machine. Everybody else is added by an administrator with
/// `clerkwork user create`. Refused when there is any user already.
/// With --json: {"user", "token_id", "token", "file"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork init --admin dave
  clerkwork init --admin dave --office center --no-save")]
pub struct Args {
    /// Name of the first administrator
    #[arg(long, value_name = "NAME")]
    admin: String,
    /// Where they work; default as configured
    #[arg(long)]
    office: Option<String>,
    /// Does not keep the token in the data folder
    #[arg(long)]
    no_save: bool,
}

/// Makes the first administrator; answers the token's id.
pub async fn claim(
    context: &Context,
    ledger: &Ledger,
    name: &str,
    office: Office,
    token: &Token,
) -> Result<clerkwork_core::TokenId, Failure> {
    let claimed = ledger.claim_installation(name, office, "first", token);
    claimed.await?.map_err(|refusal| refused(context, &refusal))
}

/// Does it.
pub async fn init(context: &Context, args: Args) -> Outcome {
    let office = office(args.office)?;
    let opened = installation::open_or_create(context).await?;
    let office = office.unwrap_or_else(|| opened.config.office.clone());
    let token = Token::generate();
    let id = claim(context, &opened.ledger, &args.admin, office, &token).await?;
    let out = &context.out;
    out.line(format!("administrator: {}", args.admin));
    // Told before it is kept: if that fails, it is not lost.
    out.line(format!("token: {}", token.reveal()));
    out.line(out.sentence("  ", &texts::TOKEN_ONCE));
    let saved = match args.no_save {
        true => Ok(None),
        false => credentials::save(&opened.config, &args.admin, &token).map(Some),
    };
    let file = saved.as_ref().ok().and_then(|path| path.clone());
    out.json(&json!({
        "user": args.admin,
        "token_id": id,
        "token": token.reveal(),
        "file": file.as_ref().map(|path| path.display().to_string()),
    }));
    if let Some(path) = saved? {
        out.line(format!("kept in: {}", path.display()));
    }
    let next = format!("user create alice --role operator --as {}", args.admin);
    let next = context.command(&opened.config, &next);
    out.line(format!("{}\n  {next}", out.both(&texts::NEXT)));
    Ok(Exit::Done)
}
