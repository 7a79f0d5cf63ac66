//! `clerkwork connector check`

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use clerkwork_conformance::{
    Outcome as Fate, Place, Report, Sample, Subject, check, of_agent_invoices,
};
use clerkwork_connectors_api::{ConnectorError, agent_invoice, contract::Connector, http::Secret};
use clerkwork_declarative::{Declarative, Fault, Settings};
use clerkwork_runtime::built_in;
use clerkwork_sandbox::{Options, Running, Sandbox};
use serde_json::{Value, json};

use crate::{
    batch::bar,
    context::Context,
    failure::{Exit, Failure, Outcome, chain},
    texts,
};

/// The credential of the simulated platform of a check.
const CREDENTIAL: &str = "the-credential-of-this-check";

/// Applications that it has.
const APPLICATIONS: usize = 120;

/// Checks that a connector keeps its contract, under the faults of networks and upstreams.
///
/// A file is checked against a simulated platform that is started for it, or against an upstream for tests: writes
/// are carried out there. Connectors that are compiled in (`etax`, `portal`) are checked against the simulated
/// platform. The report says of each clause and operation whether it was kept, and shows the exchange that broke
/// it. Exit code 1 when a clause is broken. With --json: {"connector", "version", "rulings"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork connector check etax
  clerkwork connector check erp.toml --upstream https://erp-test.example --samples samples.json")]
pub struct Args {
    /// A file, or the name of a connector that is compiled in
    connector: String,
    /// An upstream for tests, with the credentials that the file names
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// What to call the operations with, as JSON: {"operation": [input, …]}; of a write ten or more
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
    /// Only what is not kept
    #[arg(long)]
    broken: bool,
}

/// What a file says of itself that the check needs.
#[derive(Debug, Default)]
struct Nature {
    text: String,
    variables: Vec<String>,
    credentials: Vec<String>,
    signs_in: bool,
    reads_pages: bool,
    rate: Option<u32>,
}

impl Nature {
    fn of(text: String) -> Self {
        let mut nature = Self {
            text,
            ..Self::default()
        };
        // What is wrong with it is told when it is loaded.
        let Ok(table) = nature.text.parse::<toml::Table>() else {
            return nature;
        };
        let at = |path: &[&str]| {
            let (first, rest) = path.split_first()?;
            rest.iter()
                .try_fold(table.get(*first)?, |value, name| value.get(name))
        };
        let kind = at(&["auth", "kind"]).and_then(toml::Value::as_str);
        nature.signs_in = kind == Some("form");
        let number = |name| at(&["upstream", "rate", name]).and_then(toml::Value::as_integer);
        let rate = number("per_second").map(|rate| rate + number("burst").unwrap_or(1) - 1);
        nature.rate = rate
            .and_then(|rate| u32::try_from(rate).ok())
            .filter(|rate| *rate <= 60);
        nature.note(&toml::Value::Table(table.clone()));
        nature
    }

    fn note(&mut self, value: &toml::Value) {
        match value {
            toml::Value::Array(all) => all.iter().for_each(|value| self.note(value)),
            toml::Value::Table(table) => {
                for (name, value) in table {
                    match (name.as_str(), value.as_str()) {
                        ("env", Some(variable)) => self.variables.push(variable.into()),
                        ("credential", Some(name)) => self.credentials.push(name.into()),
                        ("kind", Some("html")) => self.reads_pages = true,
                        _ => self.note(value),
                    }
                }
            }
            _ => {}
        }
    }
}

/// The first fault of a file, as an error of its connector.
fn broken(faults: &[Fault]) -> ConnectorError {
    let message = faults.first().map(Fault::to_string).unwrap_or_default();
    ConnectorError {
        connector: "file",
        operation: "configure",
        kind: clerkwork_connectors_api::ErrorKind::Misconfigured,
        code: None,
        message,
        page: None,
        source: None,
    }
}

type Connect = Box<dyn Fn(&Place) -> Result<Arc<dyn Connector>, ConnectorError> + Send + Sync>;

fn of_file(file: String, nature: &Nature, simulated: bool, folder: Option<PathBuf>) -> Connect {
    let (text, variables) = (nature.text.clone(), nature.variables.clone());
    Box::new(move |place| {
        let value = match (&place.wrong_credential, simulated) {
            (Some(wrong), _) => Some(wrong.as_str()),
            (None, true) => Some(CREDENTIAL),
            (None, false) => None,
        };
        let given = value.into_iter().flat_map(|value| {
            let named = variables.iter();
            named.map(move |name| (name.clone(), Secret::new(value)))
        });
        let settings = Settings {
            base_url: Some(place.base_url.clone()),
            timeout: Some(place.timeout),
            variables: given.collect(),
            credentials_directory: folder.clone(),
            ..Settings::default()
        };
        match Declarative::parse(&text, &file, &settings) {
            Ok(connector) => Ok(Arc::new(connector)),
            Err(faults) => Err(broken(&faults)),
        }
    })
}

/// A connector that is compiled in; `credential` is the right one.
fn of_build(name: &'static str, credential: &'static str) -> Connect {
    Box::new(move |place| {
        let credential = place.wrong_credential.as_deref().unwrap_or(credential);
        let built = built_in(name, &place.base_url, credential, place.timeout)?;
        built.ok_or_else(|| broken(&[]))
    })
}

/// The simulated platform of a check.
async fn sandbox() -> Result<Running, Failure> {
    let options = Options {
        token: CREDENTIAL.into(),
        applications: APPLICATIONS,
        ..Options::default()
    };
    let started = Sandbox::start(options).await;
    started.map_err(|error| Failure::missing("sandbox", chain(&error)))
}

fn samples_of(path: &PathBuf) -> Result<Vec<Sample>, Failure> {
    let wrong = |why: String| Failure::input(format!("`{}`: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let read: Result<BTreeMap<String, Vec<Value>>, _> = serde_json::from_str(&text);
    let read = read.map_err(|error| {
        wrong(format!(
            "no table of operations with lists of inputs: {error}"
        ))
    })?;
    let sample = |(operation, inputs)| Sample { operation, inputs };
    Ok(read.into_iter().map(sample).collect())
}

/// Checks it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let name = args.connector.as_str();
    let mut nature = Nature::default();
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::missing("file", format!("no folder for a while: {error}")))?;
    let running = match &args.upstream {
        None => Some(sandbox().await?),
        Some(_) => None,
    };
    let base = running.as_ref().map(Running::url).unwrap_or_default();
    let (connect, base): (Connect, String) = match name {
        "etax" | "portal" if args.upstream.is_some() => {
            return Err(Failure::usage(
                "a connector that is compiled in is checked against the simulated platform; leave --upstream out",
            ));
        }
        "etax" => (of_build("etax", CREDENTIAL), base),
        "portal" => {
            (nature.signs_in, nature.reads_pages) = (true, true);
            (of_build("portal", "sandbox"), format!("{base}/portal/"))
        }
        file => {
            let text = fs::read_to_string(file)
                .map_err(|error| Failure::input(format!("`{file}` cannot be read: {error}")))?;
            nature = Nature::of(text);
            let simulated = running.is_some();
            let mut credentials = None;
            if simulated {
                for name in &nature.credentials {
                    let path = folder.path().join(name);
                    fs::write(path, CREDENTIAL)
                        .map_err(|error| Failure::input(format!("credential `{name}`: {error}")))?;
                }
                credentials = Some(folder.path().to_owned());
            }
            let connect = of_file(file.to_owned(), &nature, simulated, credentials);
            (connect, args.upstream.clone().unwrap_or(base))
        }
    };
    let upstream = base
        .parse()
        .map_err(|error| Failure::usage(format!("`{base}` is no address: {error}")))?;
    let direct = connect(&Place {
        base_url: base.clone(),
        timeout: std::time::Duration::from_secs(10),
        wrong_credential: None,
    });
    let direct = direct.map_err(|error| Failure::input(error.message))?;
    let samples = match &args.samples {
        Some(path) => samples_of(path)?,
        None if direct.profile().serves(&agent_invoice::operations()) => {
            let samples = of_agent_invoices(&*direct).await;
            samples.map_err(|error| super::failed(&error))?
        }
        None => {
            return Err(Failure::usage(
                "say what to call the operations with: `--samples FILE`, {\"operation\": [input, …]}",
            ));
        }
    };
    let subject = Subject {
        connect,
        upstream,
        samples,
        secrets: match running {
            Some(_) => vec![CREDENTIAL.into()],
            None => Vec::new(),
        },
        has_session: nature.signs_in,
        reads_pages: nature.reads_pages,
        rate: nature.rate,
    };
    let progress = bar(&context.out, 0);
    let told = |clause: clerkwork_conformance::Clause| {
        progress.set_message(context.out.both(&clause.text()));
        progress.inc(1);
    };
    let report = check(&subject, told).await;
    progress.finish_and_clear();
    let report = report
        .map_err(|error| Failure::missing("sandbox", error.to_string()))?
        .map_err(|error| Failure::input(error.message))?;
    show(context, &args, &report);
    Ok(match report.broken().next() {
        None => Exit::Done,
        Some(_) => Exit::WorkFailed,
    })
}

fn show(context: &Context, args: &Args, report: &Report) {
    let out = &context.out;
    let mut rows = Vec::new();
    for ruling in &report.rulings {
        let (fate, why) = match &ruling.outcome {
            Fate::Kept if args.broken => continue,
            Fate::Kept => (texts::KEPT, String::new()),
            Fate::NotTried { why } => (texts::NOT_TRIED, why.clone()),
            Fate::Broken { why, exchanges } => {
                let lines: Vec<_> = exchanges.iter().map(|one| one.line()).collect();
                (texts::BROKEN, format!("{why}\n{}", lines.join("\n")))
            }
        };
        rows.push(vec![
            out.both(&ruling.text),
            ruling.operation.unwrap_or("-").to_owned(),
            out.both(&fate),
            why,
        ]);
    }
    let headers = [texts::CLAUSE, texts::OPERATION, texts::FATE, texts::WHY];
    out.table(&headers, rows, &texts::ALL_KEPT);
    let (kept, broken, not_tried) = report.counts();
    out.line(format!(
        "{} {}: {kept} kept, {broken} broken, {not_tried} not tried",
        report.connector, report.version
    ));
    out.json(&json!(report));
}
