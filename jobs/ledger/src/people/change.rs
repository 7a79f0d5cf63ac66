//! What can be changed.

use clerkwork_core::{Office, Role, SubstitutionId, Timestamp, TokenId};

use super::{NewUser, Token, check_label, check_name};
use crate::LedgerError;

/// One change of people, roles, groups, tokens or substitutes.
#[derive(Debug, Clone)]
pub enum PeopleChange {
    /// Enters a user.
    Create(NewUser),
    /// Lets a user act (again), or not any more.
    Enable {
        /// The user.
        user: String,
        /// Whether they may act.
        enabled: bool,
    },
    /// A user works elsewhere.
    Move {
        /// The user.
        user: String,
        /// Where.
        office: Office,
    },
    /// Gives a role.
    Grant {
        /// To whom.
        user: String,
        /// Which.
        role: Role,
    },
    /// Takes a role.
    Revoke {
        /// From whom.
        user: String,
        /// Which.
        role: Role,
    },
    /// Puts a user into a group.
    Join {
        /// The user.
        user: String,
        /// The group, without `group:`.
        group: String,
    },
    /// Takes a user out of a group.
    Leave {
        /// The user.
        user: String,
        /// The group, without `group:`.
        group: String,
    },
    /// A user is related to a taxpayer and never decides on their items.
    Relate {
        /// The user.
        user: String,
        /// The taxpayer's number as items carry it. Only its pseudonym is kept.
        subject_id: String,
    },
    /// A relation was entered by mistake, or has ended.
    Unrelate {
        /// The user.
        user: String,
        /// The taxpayer's number.
        subject_id: String,
    },
    /// Makes a token. Answers its id.
    CreateToken {
        /// Whose.
        user: String,
        /// What it is for.
        label: String,
        /// From when on it is not valid any more.
        expires_at: Option<Timestamp>,
        /// The secret, of which only the digest is kept.
        token: Token,
    },
    /// Makes a token invalid.
    RevokeToken(TokenId),
    /// Somebody may act for somebody else. Answers its id.
    NameSubstitute {
        /// Who acts.
        substitute: String,
        /// For whom.
        absent: String,
        /// From when on.
        from: Timestamp,
        /// Until before when.
        until: Timestamp,
    },
    /// Ends a substitution early.
    EndSubstitute(SubstitutionId),
}

/// What a change that was made answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It is done.
    Done,
    /// A token was made.
    Token(TokenId),
    /// A substitute was named.
    Substitution(SubstitutionId),
}

impl PeopleChange {
    /// Refuses what could not be a name or a number.
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        match self {
            Self::Create(new) => {
                check_name("user name", &new.name)?;
                new.groups
                    .iter()
                    .try_for_each(|group| check_name("group name", group))
            }
            Self::Join { group, .. } => check_name("group name", group),
            Self::CreateToken { label, .. } => check_label(label),
            Self::Relate { subject_id, .. } | Self::Unrelate { subject_id, .. } => {
                let fits = (1..=64).contains(&subject_id.chars().count());
                if fits && subject_id.chars().all(char::is_alphanumeric) {
                    return Ok(());
                }
                // The number is personal data and is not repeated.
                Err(LedgerError::Invalid(
                    "this is no taxpayer's number; give it as the items carry it, letters and \
                     digits only"
                        .into(),
                ))
            }
            Self::Enable { .. }
            | Self::Move { .. }
            | Self::Grant { .. }
            | Self::Revoke { .. }
            | Self::Leave { .. }
            | Self::RevokeToken(_)
            | Self::NameSubstitute { .. }
            | Self::EndSubstitute(_) => Ok(()),
        }
    }

    /// Without the number of the taxpayer, which nothing after this may see.
    pub(super) fn without_subject(mut self) -> Self {
        if let Self::Relate { subject_id, .. } | Self::Unrelate { subject_id, .. } = &mut self {
            subject_id.clear();
        }
        self
    }
}
