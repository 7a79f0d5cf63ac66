//! What the operations of a connector are called with.

use std::{collections::BTreeMap, fs, path::Path};

use clerkwork_conformance::{Sample, of_agent_invoices};
use clerkwork_connectors_api::{agent_invoice, contract::Connector};
use clerkwork_core::IdempotencyKey;
use serde_json::{Value, json};

use super::{Args, upstream::Upstream};
use crate::failure::Failure;

/// A file of the portal's simulation, put there for the check to find.
const FILE: &str = "check.txt";

pub(super) async fn of(
    args: &Args,
    upstream: &Upstream,
    direct: &dyn Connector,
) -> Result<Vec<Sample>, Failure> {
    if let Upstream::Recorded { cassette, .. } = upstream {
        let name = direct.profile().name;
        return match cassette.connector == name {
            true => Ok(cassette.samples()),
            false => Err(Failure::input(format!(
                "the recording is of `{}`, and this is `{name}`",
                cassette.connector
            ))),
        };
    }
    if let Some(path) = &args.samples {
        return of_file(path);
    }
    if !direct.profile().serves(&agent_invoice::operations()) {
        return Err(Failure::usage(
            "say what to call the operations with: `--samples FILE`, {\"operation\": [input, …]}",
        ));
    }
    let found = of_agent_invoices(direct).await;
    let mut samples = found.map_err(|error| super::super::failed(&error))?;
    if direct.profile().name == "portal" {
        add_files(direct, &mut samples).await?;
    }
    Ok(samples)
}

fn of_file(path: &Path) -> Result<Vec<Sample>, Failure> {
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

/// The portal's two operations on files: one file is put there to be read, and others go up in the check.
async fn add_files(portal: &dyn Connector, samples: &mut Vec<Sample>) -> Result<(), Failure> {
    let inputs = samples.iter().flat_map(|sample| &sample.inputs);
    let mut numbers: Vec<_> = inputs.map(|input| &input["application_number"]).collect();
    // Those that the other operations leave alone.
    numbers.reverse();
    let Some(number) = numbers.first().copied().cloned() else {
        return Err(Failure::input(
            "nothing waits upstream: there is nothing to check with",
        ));
    };
    let file = |name: &str| {
        json!({
            "application_number": number,
            "file_name": name,
            "media_type": "text/plain",
            "content_base64": "Y2hlY2s=",
        })
    };
    let key = IdempotencyKey("check-file".into());
    let upload = "upload_attachment";
    let put = portal.call(upload, Some(&key), &file(FILE)).await;
    put.map_err(|error| super::super::failed(&error))?;
    let uploads = (0..12).map(|n| file(&format!("check-{n}.txt")));
    samples.push(Sample {
        operation: upload.to_owned(),
        inputs: uploads.collect(),
    });
    samples.push(Sample {
        operation: "download_attachment".to_owned(),
        inputs: vec![json!({"application_number": number, "file_name": FILE})],
    });
    Ok(())
}
