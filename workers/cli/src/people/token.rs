//! `clerkwork token …`

use clap::Subcommand;
use clerkwork_core::{TokenId, User};
use clerkwork_ledger::{PeopleChange, Registered, Token, TokenRecord};
use serde_json::{Value, json};

use super::{change, on_user};
use crate::{
    context::Context,
    credentials,
    failure::{Exit, Failure, Outcome},
    installation::{self, Opened},
    moment,
    sign_in::{Acting, Principal},
    texts,
};

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Create(CreateArgs),
    List(ListArgs),
    Revoke(RevokeArgs),
}

/// Makes a token for a user and shows it once.
///
/// Who holds it acts as that user, so hand it to nobody else. With --save it is kept in the data
/// folder instead, readable by the folder's owner alone, and `--as USER` signs in with it.
/// With --json: {"id", "user", "token", "file"}; with --save `token` is null.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork token create alice --label 'desk 4' --expires 90d --as dave
  clerkwork token create alice --save --as dave")]
pub struct CreateArgs {
    /// Whose
    name: String,
    /// What it is for
    #[arg(long, default_value = "cli")]
    label: String,
    /// From when on it is not valid any more: a span such as 90d, or a time
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// Keeps it in the data folder instead of showing it
    #[arg(long)]
    save: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Lists the tokens of a user, the newest first, without their secrets.
///
/// With --json: {"items": […], "next": null}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork token list alice --as dave")]
pub struct ListArgs {
    /// Whose
    name: String,
    #[command(flatten)]
    acting: Acting,
}

/// Makes a token invalid, at once and for good.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork token revoke 0199a0c0-0000-7000-8000-000000000001 --as dave")]
pub struct RevokeArgs {
    /// The token's id, as `token list` shows it
    id: TokenId,
    #[command(flatten)]
    acting: Acting,
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Create(args) => create(context, args).await,
            Self::List(args) => list(context, args).await,
            Self::Revoke(args) => revoke(context, args).await,
        }
    }
}

async fn create(context: &Context, args: CreateArgs) -> Outcome {
    let expires_at = args.expires.as_deref();
    let expires_at = expires_at.map(|text| moment::to_come(text, context.now()));
    let expires_at = expires_at.transpose()?;
    let opened = installation::open(context).await?;
    let verb = "token.create";
    let principal = on_user(context, &opened, &args.acting, verb, &args.name).await?;
    let token = Token::generate();
    let wanted = PeopleChange::CreateToken {
        user: args.name.clone(),
        label: args.label,
        expires_at,
        token: token.clone(),
    };
    let Registered::Token(id) = change(context, &opened, &principal, wanted).await? else {
        return Err(Failure::internal("a token was made and has no id"));
    };
    let out = &context.out;
    let (shown, file) = match args.save {
        true => match credentials::save(&opened.config, &args.name, &token) {
            Ok(path) => (None, Some(path.display().to_string())),
            Err(failure) => {
                // What nobody can use must not stay valid.
                let unused = PeopleChange::RevokeToken(id);
                change(context, &opened, &principal, unused).await?;
                return Err(failure);
            }
        },
        false => (Some(token.reveal()), None),
    };
    out.json(&json!({"id": id, "user": args.name, "token": shown, "file": file}));
    out.line(format!("token {id} of {}", args.name));
    if let Some(file) = file {
        out.line(format!("kept in: {file}"));
    }
    if let Some(token) = shown {
        out.line(format!("token: {token}"));
        out.line(out.sentence("  ", &texts::TOKEN_ONCE));
    }
    Ok(Exit::Done)
}

fn as_json(token: &TokenRecord) -> Value {
    json!({
        "id": token.id,
        "user": token.user,
        "label": token.label,
        "created_by": token.created_by,
        "created_at": token.created_at.to_string(),
        "expires_at": token.expires_at.map(|at| at.to_string()),
        "revoked_by": token.revoked_by,
        "revoked_at": token.revoked_at.map(|at| at.to_string()),
    })
}

async fn list(context: &Context, args: ListArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "token.list";
    on_user(context, &opened, &args.acting, verb, &args.name).await?;
    let tokens = opened.ledger.tokens(Some(&args.name)).await?;
    let out = &context.out;
    let time = |at: Option<_>| at.map(moment::show).unwrap_or_default();
    let rows = tokens.iter().map(|token| {
        vec![
            token.id.to_string(),
            token.label.clone(),
            token.created_by.clone(),
            moment::show(token.created_at),
            time(token.expires_at),
            time(token.revoked_at),
        ]
    });
    let headers = [
        texts::ID,
        texts::LABEL,
        texts::ACTOR,
        texts::MADE,
        texts::EXPIRES,
        texts::REVOKED,
    ];
    out.table(&headers, rows.collect(), &texts::NO_TOKENS);
    out.json_page(tokens.iter().map(as_json).collect(), None);
    Ok(Exit::Done)
}

/// The token's user decides whose it is to revoke.
async fn reach(
    context: &Context,
    opened: &Opened,
    principal: &Principal,
    id: TokenId,
) -> Result<(), Failure> {
    let user: Option<User> = match opened.ledger.token(id).await? {
        Some(token) => opened.ledger.user(&token.user).await?,
        None => None,
    };
    match user {
        Some(user) => {
            let office = Some(&user.office);
            let verb = "token.revoke";
            context.allow(opened, principal, verb, office).await
        }
        None => Ok(()),
    }
}

async fn revoke(context: &Context, args: RevokeArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "token.revoke");
    let principal = context.authorise(&opened, acting, verb, None).await?;
    reach(context, &opened, &principal, args.id).await?;
    let wanted = PeopleChange::RevokeToken(args.id);
    change(context, &opened, &principal, wanted).await?;
    context.out.line(format!("token {} is revoked", args.id));
    context.out.json(&json!({"id": args.id, "revoked": true}));
    Ok(Exit::Done)
}
