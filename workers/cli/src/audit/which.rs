//! Which events somebody asks for, and whether they may have them.

use std::io::Read;

use clerkwork_audit::EventType;
use clerkwork_core::{Digest, Office, Timestamp};
use clerkwork_ledger::EventFilter;
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::Failure,
    installation::Opened,
    job, moment,
    sign_in::{Acting, Principal},
};

/// The events that are wanted; every given part must fit.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// About this job, by id or reference
    #[arg(long)]
    job: Option<String>,
    /// About items of the person or company with this tax or identity number. `-` reads it from stdin, so
    /// that it stands in no list of processes; it is not recorded, a pseudonym is
    #[arg(long, value_name = "NUMBER")]
    party: Option<String>,
    /// Of this type, for example job.decided; the table of types stands in `jobs/audit`
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<EventType>,
    /// By this actor, by name
    #[arg(long)]
    actor: Option<String>,
    /// Of this office or one below it
    #[arg(long)]
    office: Option<String>,
    /// At or after: a span such as 2h (ago), or a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before: a span such as 2h (ago), or a time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// A question that may be answered.
pub struct Asked {
    /// Who asks.
    pub reader: Principal,
    /// What they may see of it.
    pub filter: EventFilter,
    /// What is recorded of it.
    pub data: Value,
    /// Whose events they are, for that record.
    pub office: Office,
}

impl Which {
    /// Whether only some events are wanted.
    pub fn narrows(&self) -> bool {
        let texts = [
            &self.job,
            &self.party,
            &self.actor,
            &self.office,
            &self.since,
            &self.until,
        ];
        self.kind.is_some() || texts.iter().any(|text| text.is_some())
    }

    /// Lets somebody in who may use the verb on these events, narrowed to the offices of theirs.
    pub async fn ask(
        &self,
        context: &Context,
        opened: &Opened,
        acting: &Acting,
        verb: &'static str,
    ) -> Result<Asked, Failure> {
        let time = |text: &Option<String>| -> Result<Option<Timestamp>, Failure> {
            let text = text.as_deref();
            text.map(|text| moment::past(text, context.now()))
                .transpose()
        };
        let (since, until) = (time(&self.since)?, time(&self.until)?);
        let office = self.office.clone().map(Office::new).transpose();
        let office = office.map_err(|error| Failure::usage(error.to_string()))?;
        let reader = context
            .authorise(opened, acting, verb, office.as_ref())
            .await?;
        let about = match &self.job {
            Some(text) => Some(job::find(&opened.ledger, text).await?),
            None => None,
        };
        if let Some(job) = &about {
            context
                .allow(opened, &reader, verb, Some(&job.office))
                .await?;
        }
        let party = self.party.as_deref().map(number).transpose()?;
        let party = party.map(|number| opened.ledger.pseudonym(&number));
        let office = reader.narrowed(office);
        let data = json!({
            "job": about.as_ref().map(|job| job.id.to_string()),
            "party": party.map(|party| Digest(party.0).to_string()),
            "type": self.kind.map(|kind| kind.as_str()),
            "actor": self.actor,
            "office": office.as_str(),
            "since": since.map(|time| time.0),
            "until": until.map(|time| time.0),
        });
        let filter = EventFilter {
            office: Some(office),
            job: about.as_ref().map(|job| job.id),
            party,
            kind: self.kind.map(|kind| kind.as_str().to_owned()),
            actor: self.actor.clone(),
            since,
            until,
        };
        let office = about.map_or_else(|| opened.config.office.clone(), |job| job.office);
        Ok(Asked {
            reader,
            filter,
            data,
            office,
        })
    }
}

/// The longest number that is one.
const NUMBER: u64 = 64;

/// A person's number, given or from stdin.
fn number(given: &str) -> Result<String, Failure> {
    let mut read = given.to_owned();
    if given == "-" {
        read.clear();
        let mut stdin = std::io::stdin().take(NUMBER + 2);
        let done = stdin.read_to_string(&mut read);
        done.map_err(|error| Failure::input(format!("stdin: {error}")))?;
    }
    let number = read.trim();
    if number.is_empty() || number.len() as u64 > NUMBER {
        return Err(Failure::usage("`--party` takes one tax or identity number"));
    }
    Ok(number.to_owned())
}
