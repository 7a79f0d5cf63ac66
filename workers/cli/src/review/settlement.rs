//! An effect of which nobody knows whether it happened: what was tried, what the upstream says now,
//! and what a person can do about it.

use clerkwork_core::{
    Actor, EffectRecord, EffectState, Job, Review, ReviewState, Text, Timestamp, Verdict,
};
use clerkwork_kinds::Lookup;
use clerkwork_runtime::Config;
use serde_json::{Value, json};

use super::ways::{self, Asked, Silence};
use crate::{
    context::Context,
    failure::Failure,
    installation::{self, Opened},
    job::Known,
    moment, texts, view,
};

/// The fleet's own rule that puts such a job in front of a person.
const UNCLEAR: &str = "fleet.outcome_unclear";

/// What a person is to settle.
#[derive(Debug)]
pub struct Settlement {
    review: Review,
    /// The journal's record.
    pub effect: EffectRecord,
    tried: Vec<Tried>,
    /// What the upstream says now, or why it cannot be asked.
    pub asked: Asked,
    /// The item was being sent back when it came to rest.
    pub sending_back: bool,
}

/// One thing that the record says of the effect.
#[derive(Debug)]
struct Tried {
    at: Timestamp,
    attempt: u64,
    state: &'static str,
    /// The call itself, a lookup, or a person.
    by: Option<String>,
}

/// The effect that a review is about, if it is open and about one whose outcome is unclear.
pub fn unclear<'a>(review: &Review, effects: &'a [EffectRecord]) -> Option<&'a EffectRecord> {
    let asks = review.rules.iter().any(|rule| rule.id == UNCLEAR);
    let mut latest_first = effects.iter().rev();
    latest_first
        .find(|effect| match effect.state {
            EffectState::Intended | EffectState::Unknown => true,
            EffectState::Confirmed | EffectState::Refused => false,
        })
        .filter(|_| asks && review.state == ReviewState::Open)
}

impl Settlement {
    /// What there is to settle about `review`, with the upstream asked anew. Nothing when the
    /// review asks about something else.
    pub async fn about(opened: &Opened, by: Actor, review: &Review, known: &Known) -> Option<Self> {
        let effect = unclear(review, &known.effects)?.clone();
        let acting = known.decisions.iter().rev();
        let mut acting = acting.map(|kept| kept.decision.verdict);
        Some(Self {
            tried: tried(known, &effect),
            asked: ask(opened, by, &known.job, &effect).await,
            sending_back: acting.find(|verdict| !verdict.asks_people()) == Some(Verdict::Return),
            review: review.clone(),
            effect,
        })
    }

    /// The command line that settles it so.
    fn command(&self, context: &Context, config: &Config, option: &str) -> String {
        let verb = format!(
            "review settle {} {option} --reason TEXT --as USER",
            self.review.id
        );
        context.command(config, &verb)
    }

    /// As `--json` shows it.
    pub fn as_json(&self, context: &Context, config: &Config) -> Value {
        let asked = self.asked.as_ref();
        let tried = self.tried.iter().map(|tried| {
            json!({
                "at": tried.at.to_string(),
                "attempt": tried.attempt,
                "state": tried.state,
                "by": tried.by,
            })
        });
        let candidates = asked.into_iter().flat_map(|inquiry| &inquiry.candidates);
        let candidates = candidates.map(|candidate| {
            json!({"number": candidate.number, "text": candidate.text, "fits": candidate.fits})
        });
        let offers = ways::offers(&self.asked);
        let offers = offers.iter().map(|offer| {
            let option = offer.option.as_ref().ok();
            json!({
                "offer": offer.name,
                "text": offer.text,
                "command": option.map(|option| self.command(context, config, option)),
                "why_not": offer.option.as_ref().err(),
            })
        });
        json!({
            "effect": view::effect(&self.effect),
            "tried": tried.collect::<Vec<_>>(),
            "found": asked.ok().map(|inquiry| &inquiry.found),
            "lookup": asked.ok().map(|inquiry| lookup(&inquiry.lookup)),
            "not_asked": asked.err().map(|silence| &silence.why),
            "candidates": candidates.collect::<Vec<_>>(),
            "offers": offers.collect::<Vec<_>>(),
        })
    }

    /// As people read it.
    pub fn show(&self, context: &Context, config: &Config) {
        let out = &context.out;
        let state = out.both(&texts::effect(self.effect.state));
        out.line(format!("\n{}", out.both(&texts::TRIED)));
        out.line(format!(
            "  {} [{state}]  {}",
            self.effect.name, self.effect.key
        ));
        for tried in &self.tried {
            let event = texts::event(&format!("effect.{}", tried.state));
            let by = tried.by.as_deref().map(|by| out.both(&texts::found_by(by)));
            let by = by.unwrap_or_default();
            out.line(format!(
                "    {}  {} {}  {}  {by}",
                moment::show(tried.at),
                out.both(&texts::ATTEMPT),
                tried.attempt,
                out.both(&event)
            ));
        }
        out.line(format!("\n{}", out.both(&texts::UPSTREAM_SAYS)));
        match &self.asked {
            Ok(inquiry) => {
                out.line(out.sentence("  ", &inquiry.found));
                for candidate in &inquiry.candidates {
                    let fits = match candidate.fits {
                        true => out.both(&texts::FITS),
                        false => out.both(&texts::FITS_NOT),
                    };
                    out.line(format!("  {} [{fits}]", candidate.number));
                    out.line(out.sentence("    ", &candidate.text));
                }
            }
            Err(silence) => {
                out.line(out.sentence("  ", &silence.text()));
                out.line(format!("  ({})", silence.why));
            }
        }
        out.line(format!("\n{}", out.both(&texts::OFFERS)));
        for offer in ways::offers(&self.asked) {
            match &offer.option {
                Ok(option) => {
                    out.line(format!("  {}", out.both(&offer.text)));
                    let command = self.command(context, config, option);
                    out.line(format!("    {command}"));
                }
                Err(why) => {
                    let closed = Text::owned(
                        format!("{}：目前不可选，{}", offer.text.zh, why.zh),
                        format!("{}: closed now, {}", offer.text.en, why.en),
                    );
                    out.line(out.sentence("  ", &closed));
                }
            }
        }
    }
}

const fn lookup(lookup: &Lookup) -> &'static str {
    match lookup {
        Lookup::Happened(_) => "happened",
        Lookup::DidNotHappen => "did_not_happen",
        Lookup::Unclear(_) => "unclear",
    }
}

/// What the trail says of the effect, in the order of time.
fn tried(known: &Known, effect: &EffectRecord) -> Vec<Tried> {
    let mut attempt = 0;
    let mut tried = Vec::new();
    for (_, event) in &known.events {
        let kind = event.get("type").and_then(Value::as_str);
        let data = event.get("data");
        let text = |name: &str| data?.get(name)?.as_str();
        let state = match kind {
            Some("job.claimed") => {
                let claimed = data.and_then(|data| data.get("attempt"));
                attempt = claimed.and_then(Value::as_u64).unwrap_or(attempt);
                continue;
            }
            Some("effect.intended") => EffectState::Intended,
            Some("effect.confirmed") => EffectState::Confirmed,
            Some("effect.refused") => EffectState::Refused,
            Some("effect.unknown") => EffectState::Unknown,
            Some(_) | None => continue,
        };
        if text("key") == Some(effect.key.0.as_str()) {
            let at = event.get("at").and_then(Value::as_i64).unwrap_or_default();
            tried.push(Tried {
                at: Timestamp(at),
                attempt,
                state: state.as_str(),
                by: text("by").map(str::to_owned),
            });
        }
    }
    tried
}

/// What the upstream says now. Only reads.
async fn ask(opened: &Opened, by: Actor, job: &Job, effect: &EffectRecord) -> Asked {
    let kinds = clerkwork_runtime::kinds(&opened.config);
    let kind = installation::kind(&kinds, job.kind.as_str())?;
    let internal = |error: String| Failure::internal(error);
    let payload =
        serde_json::from_str(&job.payload).map_err(|error| internal(error.to_string()))?;
    let item = kind
        .parse(&payload)
        .map_err(|error| internal(error.to_string()))?;
    let upstreams = installation::upstreams(&opened.config, installation::recorded(opened, by))?;
    match item.inquire(effect, &upstreams).await? {
        Some(inquiry) => Ok(inquiry),
        None => Err(Silence::from(internal(format!(
            "the kind `{}` knows no effect `{}`",
            job.kind, effect.name
        )))),
    }
}
