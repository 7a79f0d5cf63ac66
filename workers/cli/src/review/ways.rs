//! The ways to settle an act whose outcome is unclear, and which of them are open now: it happened,
//! it did not, or somebody else is to look.
//!
//! Invariants:
//! * nothing is settled while the upstream cannot tell;
//! * what happened is named by a number that stands upstream and fits;
//! * nothing is done again while anything that fits stands upstream. Where nothing fits and the
//!   upstream still leaves it open, a person answers for it.
//!
//! `review show` offers by the same rules as `review settle` acts by.

use clerkwork_connectors_api::{ConnectorError, ErrorKind};
use clerkwork_core::{EffectState, Text};
use clerkwork_kinds::{Candidate, Inquiry, Lookup};
use serde_json::{Value, json};

use crate::failure::{Failure, chain};

/// What the upstream says now, or why it does not.
pub type Asked = Result<Inquiry, Silence>;

/// Why the upstream says nothing.
#[derive(Debug)]
pub struct Silence {
    /// It will by itself: asking again later helps.
    passes: bool,
    /// The cause.
    pub why: String,
}

impl Silence {
    /// For people.
    pub const fn text(&self) -> Text {
        match self.passes {
            true => Text::new(
                "上游系统暂时无法给出结果，请稍后再查",
                "the upstream cannot tell now; ask again later",
            ),
            false => Text::new(
                "上游系统无法查询，恢复之前不能认定办理结果",
                "the upstream cannot be asked; nothing can be settled until it answers",
            ),
        }
    }

    fn failure(&self) -> Failure {
        let (why, left) = (
            &self.why,
            "`--hand-over USER` gives the review to somebody else",
        );
        let message = match self.passes {
            true => format!("the upstream cannot tell now ({why}); ask again later, or {left}"),
            false => format!(
                "the upstream cannot be asked ({why}); nothing can be settled until it answers, \
                 but {left}"
            ),
        };
        Failure::refused("upstream", message)
    }
}

impl From<ConnectorError> for Silence {
    fn from(error: ConnectorError) -> Self {
        let passes = match error.kind() {
            ErrorKind::Transient | ErrorKind::RateLimited { .. } | ErrorKind::OutcomeUnknown => {
                true
            }
            ErrorKind::Rejected
            | ErrorKind::Unauthorized
            | ErrorKind::Misconfigured
            | ErrorKind::PageChanged => false,
        };
        Self {
            passes,
            why: chain(&error),
        }
    }
}

impl From<Failure> for Silence {
    fn from(failure: Failure) -> Self {
        Self {
            passes: false,
            why: failure.message,
        }
    }
}

/// What stands upstream and says what the effect was to say.
fn fitting(inquiry: &Inquiry) -> Vec<&Candidate> {
    let candidates = inquiry.candidates.iter();
    candidates.filter(|candidate| candidate.fits).collect()
}

/// How the effect ended, by a person's word.
#[derive(Debug)]
pub struct End {
    /// Confirmed or refused.
    pub state: EffectState,
    /// What the journal keeps.
    pub result: Value,
    /// For people.
    pub text: Text,
}

/// It happened: what the person names must stand upstream and fit.
pub fn done(effect: &str, asked: &Asked, number: &str) -> Result<End, Failure> {
    let inquiry = asked.as_ref().map_err(Silence::failure)?;
    let fitting = fitting(inquiry);
    let Some(candidate) = fitting.iter().find(|one| one.number == number.trim()) else {
        let advice = match fitting.as_slice() {
            [] => "nothing there does".to_owned(),
            fitting => format!("these do: {}", numbers(fitting)),
        };
        return Err(Failure::refused(
            "no_such_candidate",
            format!(
                "upstream, `{number}` is nothing that says what `{effect}` was to say; {advice}"
            ),
        ));
    };
    Ok(End {
        state: EffectState::Confirmed,
        result: candidate.result.clone(),
        text: Text::new("认定已办成", "it happened"),
    })
}

/// It did not happen: the upstream must answer, must not say that it did, and hold nothing that
/// fits.
pub fn again(effect: &str, asked: &Asked) -> Result<End, Failure> {
    let inquiry = asked.as_ref().map_err(Silence::failure)?;
    let fitting = fitting(inquiry);
    match (&inquiry.lookup, fitting.as_slice()) {
        (Lookup::Happened(_), fitting) => {
            let number = fitting.first().map_or("NUMBER", |one| one.number.as_str());
            Err(Failure::refused(
                "it_happened",
                format!(
                    "the upstream says that `{effect}` happened; doing it again would do it twice, \
                     use `--done {number}`"
                ),
            ))
        }
        (Lookup::DidNotHappen | Lookup::Unclear(_), []) => Ok(End {
            state: EffectState::Refused,
            result: json!({"did_not_happen": true}),
            text: Text::new("认定未办成", "it did not happen"),
        }),
        (Lookup::DidNotHappen | Lookup::Unclear(_), fitting) => Err(Failure::refused(
            "it_may_have_happened",
            format!(
                "upstream stands what `{effect}` was to say; doing it again could do it twice, use \
                 `--done NUMBER` with one of {}",
                numbers(fitting)
            ),
        )),
    }
}

fn numbers(candidates: &[&Candidate]) -> String {
    let numbers = candidates.iter().map(|one| format!("`{}`", one.number));
    numbers.collect::<Vec<_>>().join(", ")
}

/// A way to settle it, with its option, or why it is closed now.
#[derive(Debug)]
pub struct Offer {
    /// Its name for scripts.
    pub name: &'static str,
    /// What it comes to.
    pub text: Text,
    /// The option of `review settle`.
    pub option: Result<String, Text>,
}

/// The ways, those that are closed now too.
pub fn offers(asked: &Asked) -> Vec<Offer> {
    let fitting = asked.as_ref().map(fitting).unwrap_or_default();
    let mut offers: Vec<_> = fitting
        .iter()
        .map(|candidate| Offer {
            name: "done",
            text: Text::owned(
                format!("认定已办成，对应上游记录 {}", candidate.number),
                format!("it happened, and {} is it", candidate.number),
            ),
            option: Ok(format!("--done {}", candidate.number)),
        })
        .collect();
    if offers.is_empty() {
        offers.push(Offer {
            name: "done",
            text: Text::new("认定已办成", "it happened"),
            option: Err(match asked {
                Ok(_) => Text::new(
                    "上游系统中没有内容相符的记录",
                    "nothing upstream says what it was to say",
                ),
                Err(silence) => silence.text(),
            }),
        });
    }
    let closed = match (asked, fitting.as_slice()) {
        (Err(silence), _) => Some(silence.text()),
        (Ok(inquiry), fitting) => match (&inquiry.lookup, fitting) {
            (Lookup::Happened(_), _) => Some(Text::new(
                "上游系统显示已办成，再次办理将造成重复",
                "the upstream says that it happened; again would be twice",
            )),
            (Lookup::DidNotHappen | Lookup::Unclear(_), []) => None,
            (Lookup::DidNotHappen | Lookup::Unclear(_), _) => Some(Text::new(
                "上游系统中已有内容相符的记录，再次办理可能造成重复",
                "what it was to say stands there; again could be twice",
            )),
        },
    };
    offers.push(Offer {
        name: "again",
        text: Text::new(
            "认定未办成，由系统再次办理",
            "it did not happen; do it again",
        ),
        option: closed.map_or_else(|| Ok("--again".to_owned()), Err),
    });
    offers.push(Offer {
        name: "hand_over",
        text: Text::new("转请他人核实", "somebody else should look"),
        option: Ok("--hand-over USER".to_owned()),
    });
    offers
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNCLEAR: Lookup = Lookup::Unclear(Text::new("不明", "unclear"));

    /// The upstream's answer; of each candidate, whether it fits.
    fn answer(lookup: Lookup, fits: &[bool]) -> Asked {
        let candidates = fits.iter().enumerate().map(|(i, fits)| Candidate {
            number: format!("N{i}"),
            text: Text::new("表", "form"),
            fits: *fits,
            result: json!({"form_number": format!("N{i}")}),
        });
        Ok(Inquiry {
            found: Text::new("情况", "found"),
            lookup,
            candidates: candidates.collect(),
        })
    }

    fn silent(kind: ErrorKind) -> Asked {
        Err(Silence::from(ConnectorError {
            connector: "etax",
            operation: "traces",
            kind,
            code: None,
            message: "a form is being saved".into(),
            page: None,
            source: None,
        }))
    }

    /// Whether the offer and the command agree that it can be done again; the refusal.
    fn refusal(asked: &Asked) -> Option<Failure> {
        let offers = offers(asked);
        let offer = offers.iter().find(|offer| offer.name == "again").unwrap();
        let refusal = again("create_form", asked).err();
        assert_eq!(offer.option.is_err(), refusal.is_some(), "{offer:?}");
        refusal
    }

    #[test]
    fn nothing_is_done_again_while_anything_that_fits_stands_there() {
        for (asked, code, says) in [
            (
                answer(UNCLEAR, &[true, false, true]),
                "it_may_have_happened",
                "`--done NUMBER` with one of `N0`, `N2`",
            ),
            (
                answer(UNCLEAR, &[false, true]),
                "it_may_have_happened",
                "one of `N1`",
            ),
            (
                answer(Lookup::DidNotHappen, &[true]),
                "it_may_have_happened",
                "one of `N0`",
            ),
            (
                answer(Lookup::Happened(json!({})), &[true]),
                "it_happened",
                "`--done N0`",
            ),
            (
                answer(Lookup::Happened(json!({})), &[]),
                "it_happened",
                "`--done NUMBER`",
            ),
        ] {
            let refusal = refusal(&asked).unwrap();
            assert_eq!(refusal.exit, crate::failure::Exit::Refused);
            assert_eq!(refusal.code, code);
            assert!(refusal.message.contains(says), "{refusal}");
        }
    }

    #[test]
    fn where_nothing_fits_a_person_may_say_that_it_did_not_happen() {
        for lookup in [Lookup::DidNotHappen, UNCLEAR] {
            for fits in [&[][..], &[false, false]] {
                let asked = answer(lookup.clone(), fits);
                assert!(refusal(&asked).is_none(), "{asked:?}");
                let end = again("create_form", &asked).unwrap();
                assert_eq!(end.state, EffectState::Refused);
                assert!(done("create_form", &asked, "N0").is_err());
            }
        }
    }

    #[test]
    fn one_of_several_that_fit_is_chosen_by_its_number() {
        let asked = answer(UNCLEAR, &[true, false, true]);
        let end = done("create_form", &asked, " N2 ").unwrap();
        assert_eq!(end.result, json!({"form_number": "N2"}));
        let other = done("create_form", &asked, "N1").unwrap_err();
        assert!(other.message.contains("these do: `N0`, `N2`"), "{other}");
    }

    #[test]
    fn while_the_upstream_cannot_tell_nothing_is_settled() {
        for (kind, says) in [
            (ErrorKind::Transient, "cannot tell now (etax"),
            (ErrorKind::RateLimited { retry_after: None }, "later"),
            (ErrorKind::Unauthorized, "cannot be asked"),
            (ErrorKind::Misconfigured, "cannot be asked"),
        ] {
            let asked = silent(kind);
            let again = refusal(&asked).unwrap();
            let done = done("create_form", &asked, "N0").unwrap_err();
            for refusal in [again, done] {
                assert_eq!(refusal.exit, crate::failure::Exit::Refused);
                assert!(refusal.message.contains(says), "{refusal}");
            }
        }
        let told = silent(ErrorKind::Transient).unwrap_err().text();
        assert!(told.en.contains("ask again later"));
    }
}
