//! A file of items: read twice, once to check every line and once to submit. Only a chunk of it is
//! ever held in memory; stdin, which cannot be read twice, is kept whole.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
};

use clerkwork_kinds::JobKind;
use clerkwork_ledger::{Accepted, Ledger, NewJob};

use super::bar;
use crate::{
    failure::Failure,
    intake::{self, Defaults, Line, Lines},
    out::Out,
};

/// Jobs in one call to the ledger.
const CHUNK: usize = 500;

/// Problems that are reported one by one.
const REPORTED: usize = 100;

/// The most that is taken from stdin.
const MAX_STDIN: u64 = 256 << 20;

/// Where the lines come from.
#[derive(Debug)]
pub struct Source {
    path: String,
    stdin: Option<Vec<u8>>,
}

impl Source {
    /// A path, or `-` for stdin.
    pub fn of(path: &str) -> Result<Self, Failure> {
        let stdin = if path == "-" {
            let mut bytes = Vec::new();
            let read = io::stdin()
                .lock()
                .take(MAX_STDIN + 1)
                .read_to_end(&mut bytes);
            read.map_err(|error| unreadable(path, &error))?;
            if bytes.len() as u64 > MAX_STDIN {
                return Err(Failure::input(format!(
                    "stdin has more than {MAX_STDIN} bytes; write them to a file and give `--file`"
                )));
            }
            Some(bytes)
        } else {
            None
        };
        Ok(Self {
            path: path.to_owned(),
            stdin,
        })
    }

    fn open(&self) -> Result<Lines<Box<dyn BufRead + '_>>, Failure> {
        let reader: Box<dyn BufRead + '_> = match &self.stdin {
            Some(bytes) => Box::new(Cursor::new(bytes)),
            None => {
                let file =
                    File::open(&self.path).map_err(|error| unreadable(&self.path, &error))?;
                Box::new(BufReader::new(file))
            }
        };
        Ok(Lines::new(reader))
    }
}

fn unreadable(path: &str, error: &io::Error) -> Failure {
    Failure::input(format!("`{path}`: {error}"))
}

/// What the first reading found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Lines that are not blank.
    pub items: u64,
    /// Lines that are wrong.
    pub invalid: u64,
    /// The first of these, each with its line.
    pub problems: Vec<String>,
}

/// Reads every line and checks it.
pub fn check(
    out: &Out,
    kind: &dyn JobKind,
    source: &Source,
    defaults: &Defaults,
) -> Result<Checked, Failure> {
    let mut lines = source.open()?;
    let mut checked = Checked::default();
    let bar = bar(out, 0);
    bar.set_message("checking");
    while let Some((number, value)) = next(&mut lines, source)? {
        checked.items += 1;
        bar.inc(1);
        let problem = value.and_then(|value| intake::job(kind, value, defaults));
        if let Err(problem) = problem {
            checked.invalid += 1;
            if checked.problems.len() < REPORTED {
                checked.problems.push(format!("line {number}: {problem}"));
            }
        }
    }
    bar.finish_and_clear();
    Ok(checked)
}

fn next(
    lines: &mut Lines<Box<dyn BufRead + '_>>,
    source: &Source,
) -> Result<Option<Line>, Failure> {
    lines
        .next_value()
        .map_err(|error| unreadable(&source.path, &error))
}

/// What became of the items.
#[derive(Debug, Default)]
pub struct Report {
    /// Jobs that are new.
    pub new: u64,
    /// Jobs that were there with the same content.
    pub same: u64,
    /// References that are taken with other content.
    pub conflict: u64,
    /// Lines that were wrong.
    pub invalid: u64,
    /// The first problems, each with its line.
    pub problems: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} accepted, {} the same as before, {} in conflict, {} invalid",
            self.new, self.same, self.conflict, self.invalid
        )
    }
}

/// Submits every line that is right, a chunk at a time.
pub async fn submit(
    out: &Out,
    ledger: &Ledger,
    kind: &dyn JobKind,
    source: &Source,
    defaults: &Defaults,
) -> Result<Report, Failure> {
    let mut lines = source.open()?;
    let mut report = Report::default();
    let mut chunk: Vec<(usize, NewJob)> = Vec::with_capacity(CHUNK);
    let bar = bar(out, 0);
    bar.set_message("submitting");
    loop {
        let line = next(&mut lines, source)?;
        let done = line.is_none();
        if let Some((number, Ok(value))) = line
            && let Ok(job) = intake::job(kind, value, defaults)
        {
            chunk.push((number, job));
        }
        if chunk.len() == CHUNK || (done && !chunk.is_empty()) {
            bar.inc(chunk.len() as u64);
            accept(ledger, std::mem::take(&mut chunk), &mut report).await?;
        }
        if done {
            bar.finish_and_clear();
            return Ok(report);
        }
    }
}

async fn accept(
    ledger: &Ledger,
    chunk: Vec<(usize, NewJob)>,
    report: &mut Report,
) -> Result<(), Failure> {
    let (places, jobs): (Vec<_>, Vec<_>) = chunk
        .into_iter()
        .map(|(number, job)| ((number, job.reference.clone()), job))
        .unzip();
    let accepted = ledger.accept(jobs).await?;
    for ((number, reference), accepted) in places.into_iter().zip(accepted) {
        match accepted {
            Accepted::New(_) => report.new += 1,
            Accepted::Same(_) => report.same += 1,
            Accepted::Conflict(id) => {
                report.conflict += 1;
                if report.problems.len() < REPORTED {
                    report.problems.push(format!(
                        "line {number}: the reference `{reference}` is taken by job {id} with \
                         other content"
                    ));
                }
            }
        }
    }
    Ok(())
}
