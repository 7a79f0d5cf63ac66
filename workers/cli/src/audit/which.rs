//! Which events somebody asks for, and whether they may have them.

use std::io::Read;

use clerkwork_audit::{EventType, Term, schema, words};
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
    /// Of this type, for example job.decided; `jobs/audit/EVENTS.md` tells of each
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<EventType>,
    /// By this actor, by name
    #[arg(long)]
    actor: Option<String>,
    /// In which this rule fired, by id
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Under this version of the policy, 64 hexadecimal digits
    #[arg(long, value_name = "VERSION", value_parser = version)]
    policy: Option<Digest>,
    /// With this verdict of the policy: proceed, return, review, hold …
    #[arg(long)]
    verdict: Option<String>,
    /// Over this connector
    #[arg(long)]
    connector: Option<String>,
    /// Of this operation: an act or a question upstream, or a verb that was refused
    #[arg(long)]
    operation: Option<String>,
    /// That went like this
    #[arg(long, value_enum)]
    outcome: Option<Went>,
    /// That say all of these words in the open, in any order; personal data are sealed and not found so
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
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

/// How what an event tells of went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Went {
    Success,
    Failure,
    Unknown,
}

impl From<Went> for schema::Outcome {
    fn from(went: Went) -> Self {
        match went {
            Went::Success => Self::Success,
            Went::Failure => Self::Failure,
            Went::Unknown => Self::Unknown,
        }
    }
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
            &self.rule,
            &self.verdict,
            &self.connector,
            &self.operation,
            &self.text,
            &self.office,
            &self.since,
            &self.until,
        ];
        let named = texts.iter().any(|text| text.is_some());
        named || self.kind.is_some() || self.policy.is_some() || self.outcome.is_some()
    }

    /// What the index finds events by.
    fn terms(&self) -> Vec<Term> {
        let made = |text: &Option<String>, term: fn(String) -> Term| text.clone().map(term);
        let went = self.outcome.map(schema::Outcome::from);
        let terms = [
            made(&self.rule, Term::Rule),
            self.policy.map(|version| Term::Policy(version.to_string())),
            made(&self.verdict, Term::Verdict),
            made(&self.connector, Term::Connector),
            made(&self.operation, Term::Operation),
            went.filter(|went| *went != schema::Outcome::Success)
                .map(Term::Outcome),
        ];
        terms.into_iter().flatten().collect()
    }

    /// The words of `--text`, each part with those of its own.
    fn words(&self) -> Result<(Vec<String>, Vec<Term>), Failure> {
        let (mut parts, mut terms) = (Vec::new(), Vec::new());
        for part in self.text.iter().flat_map(|text| text.split_whitespace()) {
            let found = words(part);
            if found.is_empty() {
                return Err(Failure::usage(format!(
                    "`--text`: `{part}` is no word; a word has at least two letters, digits or Chinese \
                     characters in a row"
                )));
            }
            parts.push(part.to_lowercase());
            terms.extend(found.into_iter().map(Term::Word));
        }
        if self.text.is_some() && parts.is_empty() {
            return Err(Failure::usage(
                "`--text` takes the words that are looked for",
            ));
        }
        if terms.len() > MOST_WORDS {
            return Err(Failure::usage(format!(
                "`--text` takes up to {MOST_WORDS} words, and two Chinese characters count as one"
            )));
        }
        Ok((parts, terms))
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
        let (text, words) = self.words()?;
        let mut terms = self.terms();
        terms.extend(words);
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
        let party = self
            .party
            .as_deref()
            .map(|given| number("--party", given))
            .transpose()?;
        let party = party.map(|number| opened.ledger.pseudonym(&number));
        let office = reader.narrowed(office);
        let data = json!({
            "job": about.as_ref().map(|job| job.id.to_string()),
            "party": party.map(|party| Digest(party.0).to_string()),
            "type": self.kind.map(|kind| kind.as_str()),
            "actor": self.actor,
            "rule": self.rule,
            "policy": self.policy.map(|version| version.to_string()),
            "verdict": self.verdict,
            "connector": self.connector,
            "operation": self.operation,
            "outcome": self.outcome.map(|went| schema::Outcome::from(went).as_str()),
            "terms": (!text.is_empty()).then_some(&text),
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
            terms,
            text,
            went_well: self.outcome == Some(Went::Success),
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

/// The most words that are looked for at once.
const MOST_WORDS: usize = 32;

/// The longest number that is one.
const NUMBER: u64 = 64;

fn version(text: &str) -> Result<Digest, &'static str> {
    Digest::parse(text)
        .ok_or("a version has 64 hexadecimal digits; `clerkwork policy list` shows them")
}

/// A person's number, given or from stdin.
pub fn number(option: &str, given: &str) -> Result<String, Failure> {
    let mut read = given.to_owned();
    if given == "-" {
        read.clear();
        let mut stdin = std::io::stdin().take(NUMBER + 2);
        let done = stdin.read_to_string(&mut read);
        done.map_err(|error| Failure::input(format!("stdin: {error}")))?;
    }
    let number = read.trim();
    if number.is_empty() || number.len() as u64 > NUMBER {
        return Err(Failure::usage(format!(
            "`{option}` takes one tax or identity number"
        )));
    }
    Ok(number.to_owned())
}
