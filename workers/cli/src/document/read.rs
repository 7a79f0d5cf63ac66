//! `clerkwork document read`

use std::{
    fs::File,
    io::{self, BufReader},
};

use clap::ValueEnum;
use clerkwork_connectors_api::red_letter::{ReversalReason, SettlementKind, Side};
use clerkwork_core::{Cents, Lane, Office};
use clerkwork_documents::{
    DocumentError, Format, InvoiceDocument, Limits, Part, Reversal, Share, read,
};
use jiff::civil::Date;
use serde_json::Value;

use super::{KIND, local, refused, view};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::{self, Opened},
    intake::{self, Defaults},
    job,
    sign_in::{Acting, Principal},
};

/// Reads an invoice file and makes the item of a reversal of it.
///
/// Digital-invoice XML and UBL credit notes are told apart by their root. A blue invoice is
/// reversed, in full unless --quantity or --amount name lines; a red one or a credit note is taken
/// as it says. Without --number the file itself is shown. With --submit the item is handed in.
/// Both ways stdout holds JSON; with --submit only under --json: {"id", "reference", "outcome"}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork document read invoice.xml
  clerkwork document read invoice.xml --number HZ-1 --reason issuing-mistake --settlement refund
  clerkwork document read invoice.xml --number HZ-1 --reason return-of-goods --quantity 1=2 --submit --as alice")]
pub struct Args {
    /// The file; `-` reads from stdin
    file: String,
    /// The upstream's number of the application
    #[arg(long, value_name = "APPLICATION_NUMBER")]
    number: Option<String>,
    /// Why; a credit note may tell itself
    #[arg(long, value_enum, requires = "number")]
    reason: Option<Reason>,
    /// Which side applies
    #[arg(long, value_enum, default_value = "seller")]
    started_by: StartedBy,
    /// Tax id of the applicant; default that of the side that applies
    #[arg(long, value_name = "ID", requires = "number")]
    applicant: Option<String>,
    /// What is to become of the tax of an agent-issued invoice
    #[arg(long, value_enum, requires = "number")]
    settlement: Option<Settlement>,
    /// The day of the application; default today
    #[arg(long, value_name = "DATE", requires = "number")]
    applied_on: Option<Date>,
    /// The day the blue invoice was issued, where a red one does not tell
    #[arg(long, value_name = "DATE", requires = "number")]
    blue_issued_on: Option<Date>,
    /// Only so much of the quantity of a line; once for each line
    #[arg(long, value_name = "LINE=QUANTITY", value_parser = quantity, requires = "number")]
    quantity: Vec<Part>,
    /// Only so much of the net amount of a line; once for each line
    #[arg(long, value_name = "LINE=AMOUNT", value_parser = amount, requires = "number")]
    amount: Vec<Part>,
    /// Hands the item in
    #[arg(long, requires = "number")]
    submit: bool,
    /// Your name for the item; default the application's number
    #[arg(long, requires = "submit")]
    reference: Option<String>,
    /// express, standard or bulk
    #[arg(long, default_value = "standard")]
    lane: Lane,
    /// Whose work it is; default as configured
    #[arg(long, requires = "submit")]
    office: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Why a blue invoice is reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reason {
    /// 01 开票有误
    #[value(alias = "01", alias = "issuing_mistake")]
    IssuingMistake,
    /// 02 销货退回
    #[value(alias = "02", alias = "return_of_goods")]
    ReturnOfGoods,
    /// 03 服务中止
    #[value(alias = "03", alias = "service_stopped")]
    ServiceStopped,
    /// 04 销售折让
    #[value(alias = "04", alias = "sales_allowance")]
    SalesAllowance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StartedBy {
    /// 销方
    Seller,
    /// 购方
    Buyer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Settlement {
    /// 退税
    Refund,
    /// 抵缴
    Offset,
}

fn quantity(text: &str) -> Result<Part, String> {
    part(text, |share| Ok(Share::Quantity(share.to_owned())))
}

fn amount(text: &str) -> Result<Part, String> {
    part(text, |share| {
        let amount = share.parse::<Cents>();
        amount.map(Share::Amount).map_err(|error| error.to_string())
    })
}

fn part(text: &str, share: impl Fn(&str) -> Result<Share, String>) -> Result<Part, String> {
    let form = "write the line's number, `=` and how much of it, for example `1=2`";
    let (line, rest) = text.split_once('=').ok_or(form)?;
    Ok(Part {
        line: line.parse().map_err(|_| form)?,
        share: share(rest)?,
    })
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    // Who submits is asked for before anything is read.
    let submitter = match args.submit {
        true => Some(submitter(context, &args).await?),
        false => None,
    };
    let told = |error: DocumentError| {
        let mut failure = refused(&args.file, &error);
        if args.submit {
            failure.message.push_str("; nothing was submitted");
        }
        failure
    };
    let (format, invoice) = open(&args.file, &told)?;
    let Some(number) = &args.number else {
        show(context, &view::document(format, &invoice));
        return Ok(Exit::Done);
    };
    let item = invoice.apply(&reversal(context, &args, number)?);
    let item = serde_json::to_value(item.map_err(told)?);
    let item = item.map_err(|error| Failure::internal(error.to_string()))?;
    match submitter {
        Some(submitter) => submit(context, &args, &submitter, number, item).await,
        None => {
            show(context, &item);
            Ok(Exit::Done)
        }
    }
}

fn open(
    file: &str,
    told: &dyn Fn(DocumentError) -> Failure,
) -> Result<(Format, InvoiceDocument), Failure> {
    let limits = Limits::default();
    let document = if file == "-" {
        read(io::stdin().lock(), limits)
    } else {
        let opened = File::open(file);
        let opened = opened.map_err(|error| Failure::input(format!("`{file}`: {error}")))?;
        read(BufReader::new(opened), limits)
    };
    document.map_err(told)
}

/// The JSON is what was asked for, with `--json` and without.
fn show(context: &Context, value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    context.out.document(&text);
}

fn reversal(context: &Context, args: &Args, number: &str) -> Result<Reversal, Failure> {
    let today = local(context.now().0).map(|now| now.date());
    let applied_on = args
        .applied_on
        .or(today)
        .ok_or_else(|| Failure::internal("the clock of this machine is out of range"))?;
    Ok(Reversal {
        application_number: number.to_owned(),
        applied_on,
        started_by: match args.started_by {
            StartedBy::Seller => Side::Seller,
            StartedBy::Buyer => Side::Buyer,
        },
        applicant_tax_id: args.applicant.clone(),
        reason: args.reason.map(|reason| match reason {
            Reason::IssuingMistake => ReversalReason::IssuingMistake,
            Reason::ReturnOfGoods => ReversalReason::ReturnOfGoods,
            Reason::ServiceStopped => ReversalReason::ServiceStopped,
            Reason::SalesAllowance => ReversalReason::SalesAllowance,
        }),
        settlement: args.settlement.map(|settlement| match settlement {
            Settlement::Refund => SettlementKind::Refund,
            Settlement::Offset => SettlementKind::Offset,
        }),
        blue_issued_on: args.blue_issued_on,
        parts: args.quantity.iter().chain(&args.amount).cloned().collect(),
    })
}

/// Who hands the item in, and where.
struct Submitter {
    opened: Opened,
    principal: Principal,
    office: Office,
}

async fn submitter(context: &Context, args: &Args) -> Result<Submitter, Failure> {
    let office = args.office.clone().map(Office::new).transpose();
    let office = office.map_err(|error| Failure::usage(error.to_string()))?;
    let opened = installation::open(context).await?;
    let (verb, named) = ("job.submit", office.as_ref());
    let principal = context
        .authorise(&opened, &args.acting, verb, named)
        .await?;
    Ok(Submitter {
        office: principal.office_or(office, &opened.config),
        opened,
        principal,
    })
}

async fn submit(
    context: &Context,
    args: &Args,
    submitter: &Submitter,
    number: &str,
    item: Value,
) -> Outcome {
    let kinds = installation::kinds();
    let kind = installation::kind(&kinds, KIND)?;
    let defaults = Defaults {
        office: submitter.office.clone(),
        within: submitter.principal.office().clone(),
        lane: args.lane,
        deadline: None,
        run_at: None,
        batch: None,
        submitter: submitter.principal.name().to_owned(),
        reference: Some(args.reference.clone().unwrap_or_else(|| number.to_owned())),
        now: context.now(),
    };
    let new = intake::job(kind, item, &defaults);
    let new = new.map_err(|error| {
        Failure::input(format!("`{}`: {error}; nothing was submitted", args.file))
    })?;
    job::hand_in(context, &submitter.opened, &args.acting, vec![new]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_line_and_how_much_of_it() {
        let found = quantity("2=1.5").unwrap();
        assert_eq!(
            (found.line, found.share),
            (2, Share::Quantity("1.5".into()))
        );
        let found = amount("10=12.34").unwrap();
        assert_eq!((found.line, found.share), (10, Share::Amount(Cents(1_234))));
        for bad in ["1", "=1", "one=1", "-1=2"] {
            assert!(quantity(bad).is_err(), "{bad}");
        }
        assert!(amount("1=1.234").is_err());
    }

    #[test]
    fn reasons_have_their_codes_as_well() {
        for (text, reason) in [
            ("issuing-mistake", Reason::IssuingMistake),
            ("02", Reason::ReturnOfGoods),
            ("service_stopped", Reason::ServiceStopped),
            ("04", Reason::SalesAllowance),
        ] {
            assert_eq!(Reason::from_str(text, false), Ok(reason));
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_an_input_error() {
        let failure = open("/nowhere/a.xml", &|error| refused("a.xml", &error)).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.starts_with("`/nowhere/a.xml`: "));
    }

    #[test]
    fn a_file_without_an_end_is_told_as_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.xml");
        std::fs::write(&path, "<EInvoice><Header>").unwrap();
        let path = path.to_str().unwrap();
        let failure = open(path, &|error| refused(path, &error)).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Usage, "cut_off"));
    }
}
