//! Every verb, in one place. To add one: a variant here with its line in [`Verb::run`], and a file
//! with its options and its work. Help, completion of exit codes and the tests follow.

use clap::{Command, CommandFactory, Parser, Subcommand};

use crate::{
    audit, batch, brake, config, connector, context::Context, context::Globals, dead_letters,
    doctor, document, failure::EXIT_CODES, failure::Outcome, job, part, people, policy, review, up,
};

/// An automation worker fleet for back-office work.
///
/// Items of work are checked, decided by a policy and carried out by a fleet of workers; what is
/// risky stops in front of a person, and everything is on record.
#[derive(Debug, Parser)]
#[command(
    name = "clerkwork",
    version,
    max_term_width = 100,
    propagate_version = true
)]
#[command(after_help = "Example:\n  clerkwork up --demo")]
pub struct Cli {
    /// What every verb takes.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs. What a verb is for stands at its options' struct, and shows in the help.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Up(up::Args),
    Init(people::Init),
    Worker(part::WorkerArgs),
    Scheduler(part::SchedulerArgs),
    Sandbox(part::SandboxArgs),
    /// Submits, shows and changes single jobs
    #[command(subcommand)]
    Job(job::Verb),
    /// Submits and watches many jobs together
    #[command(subcommand)]
    Batch(batch::Verb),
    /// Reads invoice files, and writes those of issued red invoices
    #[command(subcommand)]
    Document(document::Verb),
    /// Decides what was put in front of a person
    #[command(subcommand)]
    Review(review::Verb),
    /// Stops acting, and lets it go on
    #[command(subcommand)]
    Brake(brake::Verb),
    /// Checks, tests, explains and changes the policy
    #[command(subcommand)]
    Policy(policy::Verb),
    /// Shows, tries and checks the ways to other systems
    #[command(subcommand)]
    Connector(connector::Verb),
    /// Keeps users
    #[command(subcommand)]
    User(people::Users),
    /// Keeps who may do what
    #[command(subcommand)]
    Role(people::Role),
    /// Keeps groups of users
    #[command(subcommand)]
    Group(people::Group),
    /// Keeps what users sign in with
    #[command(subcommand)]
    Token(people::Token),
    /// Keeps who stands in for whom
    #[command(subcommand)]
    Substitute(people::Substitute),
    /// Reads the audit trail
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Shows queue entries that could not be read
    #[command(subcommand)]
    DeadLetters(dead_letters::Verb),
    /// Shows and checks the settings
    #[command(subcommand)]
    Config(config::Verb),
    Doctor(doctor::Args),
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Up(args) => up::run(context, args).await,
            Self::Init(args) => people::init(context, args).await,
            Self::User(verb) => verb.run(context).await,
            Self::Role(verb) => verb.run(context).await,
            Self::Group(verb) => verb.run(context).await,
            Self::Token(verb) => verb.run(context).await,
            Self::Substitute(verb) => verb.run(context).await,
            Self::Worker(args) => part::worker(context, args).await,
            Self::Scheduler(args) => part::scheduler(context, args).await,
            Self::Sandbox(args) => part::sandbox(context, args).await,
            Self::Job(verb) => verb.run(context).await,
            Self::Batch(verb) => verb.run(context).await,
            Self::Document(verb) => verb.run(context).await,
            Self::Review(verb) => verb.run(context).await,
            Self::Brake(verb) => verb.run(context).await,
            Self::Policy(verb) => verb.run(context).await,
            Self::Connector(verb) => verb.run(context).await,
            Self::Audit(verb) => verb.run(context).await,
            Self::DeadLetters(verb) => verb.run(context).await,
            Self::Config(verb) => verb.run(context),
            Self::Doctor(args) => doctor::run(context, args).await,
        }
    }
}

/// The whole command line, with the exit codes under every verb's help.
pub fn command() -> Command {
    with_exit_codes(Cli::command())
}

fn with_exit_codes(command: Command) -> Command {
    let help = match command.get_after_help() {
        Some(help) => format!("{help}\n\n{EXIT_CODES}"),
        None => EXIT_CODES.to_owned(),
    };
    command.after_help(help).mut_subcommands(with_exit_codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    /// Verbs that ask nobody who they are: they make the first user, work on files alone, look
    /// whether the installation is sound, or are processes, which the operating system guards.
    const FOR_EVERYBODY: [&str; 18] = [
        "up",
        "init",
        "worker",
        "scheduler",
        "sandbox",
        "job.kinds",
        "job.schema",
        "job.example",
        "connector.lint",
        "connector.check",
        "connector.new",
        "document.read",
        "policy.check",
        "policy.test",
        "policy.seal",
        "config.show",
        "config.check",
        "doctor",
    ];

    #[test]
    fn every_verb_is_known_to_the_rules_of_access_or_is_for_everybody() {
        fn walk(command: &Command, path: &str, leaves: &mut Vec<String>) {
            for verb in command.get_subcommands() {
                let path = format!("{path}{}", verb.get_name().replace('-', "_"));
                if verb.has_subcommands() {
                    walk(verb, &format!("{path}."), leaves);
                } else {
                    leaves.push(path);
                }
            }
        }
        let mut leaves = Vec::new();
        walk(&command(), "", &mut leaves);
        let access = clerkwork_policy::Access::embedded().unwrap();
        let known: Vec<_> = access.verbs().collect();
        for leaf in &leaves {
            let asks = known.contains(&leaf.as_str());
            let open = FOR_EVERYBODY.contains(&leaf.as_str());
            assert!(asks || open, "`{leaf}` is guarded by nothing");
        }
        for open in FOR_EVERYBODY {
            assert!(leaves.iter().any(|leaf| leaf == open), "`{open}` is gone");
        }
        // Who is asked for their name can give it.
        fn signs_in(command: &Command) -> bool {
            command
                .get_arguments()
                .any(|argument| argument.get_id() == "acting_as")
        }
        fn check(command: &Command, path: &str) {
            for verb in command.get_subcommands() {
                let path = format!("{path}{}", verb.get_name().replace('-', "_"));
                if verb.has_subcommands() {
                    check(verb, &format!("{path}."));
                } else {
                    let open = FOR_EVERYBODY.contains(&path.as_str());
                    // `document read --submit` hands in.
                    let expected = !open || path == "document.read";
                    assert_eq!(signs_in(verb), expected, "{path}");
                }
            }
        }
        check(&command(), "");
    }

    #[test]
    fn every_verb_has_a_sentence_and_an_example_that_parses() {
        fn walk(command: &Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(
                command.get_about().is_some(),
                "{path} says nothing about itself"
            );
            if command.get_name() != "clerkwork" && command.has_subcommands() {
                for verb in command.get_subcommands() {
                    walk(verb, &path);
                }
                return;
            }
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.starts_with("Example"), "{path} shows no example");
            let examples = help.lines().filter(|line| line.starts_with("  clerkwork"));
            let mut count = 0;
            for line in examples {
                count += 1;
                let line = line.split([';', '|', '>']).next().unwrap();
                let words = line.replace('\'', "\u{1}");
                let words = words
                    .split('\u{1}')
                    .enumerate()
                    .flat_map(|(i, part)| match i % 2 {
                        0 => part.split_whitespace().collect::<Vec<_>>(),
                        _ => vec![part],
                    });
                let parsed = super::command().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{path}: `{line}`: {}", parsed.unwrap_err());
            }
            assert!(count > 0, "{path} shows no example");
            for verb in command.get_subcommands() {
                walk(verb, &path);
            }
        }
        walk(&command(), "");
    }
}
