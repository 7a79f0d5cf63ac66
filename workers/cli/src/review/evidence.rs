//! What is shown beside a review: the taxpayer's other items and open questions, how others decided
//! the same question, and the commands that decide this one.

use clerkwork_core::{Job, Office, Review, ReviewState};
use clerkwork_ledger::Ledger;
use serde_json::{Value, json};

use super::{page::Kept, sheet::Sheet};
use crate::{
    context::Context, failure::Failure, installation::Opened, moment, out::Out, sign_in::Acting,
    texts, view,
};

/// So many earlier items of the taxpayer are shown.
const ITEMS: u32 = 20;
/// So many open reviews of the taxpayer.
const OPEN: u32 = 50;
/// So many reviews that others decided.
const SIMILAR: u32 = 10;

/// What is known beside a review, of the offices whose work the reader sees.
pub struct Evidence {
    sheet: Sheet,
    items: Vec<Job>,
    household: Vec<Review>,
    similar: Vec<Review>,
    pages: Vec<Kept>,
}

impl Evidence {
    /// Asks the ledger.
    pub async fn about(ledger: &Ledger, review: &Review, office: &Office) -> Result<Self, Failure> {
        let (job, within) = (review.job, Some(office));
        let mut household = ledger
            .open_reviews_of_same_taxpayer(job, within, OPEN)
            .await?;
        household.retain(|other| other.id != review.id);
        Ok(Self {
            sheet: Sheet::read(ledger, review.clone()).await?,
            items: ledger.items_of_same_taxpayer(job, within, ITEMS).await?,
            household,
            similar: ledger.similar_decided(review, within, SIMILAR).await?,
            pages: Kept::of(ledger, review).await?,
        })
    }

    /// The commands that decide it, to be completed and copied.
    fn commands(&self, context: &Context, opened: &Opened, acting: &Acting) -> Vec<String> {
        if self.sheet.review.state != ReviewState::Open {
            return Vec::new();
        }
        let (id, shown) = (self.sheet.review.id, self.sheet.shown().to_string());
        let decide = ["approve", "return"].map(|verb| {
            let verb = format!(
                "review {verb} {id} --shown {} --code CODE --note TEXT{}",
                shown.get(..12).unwrap_or(&shown),
                acting.option()
            );
            context.command(&opened.config, &verb)
        });
        decide.to_vec()
    }

    /// What `--json` adds.
    pub fn as_json(
        &self,
        context: &Context,
        opened: &Opened,
        acting: &Acting,
    ) -> Vec<(&str, Value)> {
        let reviews = |reviews: &[Review]| {
            let all = reviews.iter().map(|review| view::review(review, false));
            Value::from(all.collect::<Vec<_>>())
        };
        let items = self.items.iter().map(view::job).collect::<Vec<_>>();
        vec![
            ("shown", self.sheet.shown().to_string().into()),
            ("joined", reviews(&self.sheet.joined)),
            ("earlier_items", items.into()),
            ("same_taxpayer", reviews(&self.household)),
            ("similar", reviews(&self.similar)),
            ("pages", self.pages.iter().map(Kept::as_json).collect()),
            ("commands", json!(self.commands(context, opened, acting))),
        ]
    }

    /// Prints it.
    pub fn show(&self, context: &Context, opened: &Opened, acting: &Acting) {
        let out = &context.out;
        let reviews = [
            (&texts::JOINED, &self.sheet.joined),
            (&texts::SAME_TAXPAYER, &self.household),
            (&texts::SIMILAR, &self.similar),
        ];
        for (title, reviews) in reviews {
            if reviews.is_empty() {
                continue;
            }
            out.line(format!("\n{}", out.both(title)));
            for review in reviews {
                out.line(format!("  {}", line(out, review)));
            }
        }
        if !self.pages.is_empty() {
            let verb = format!("review page {}{}", self.sheet.review.id, acting.option());
            let command = context.command(&opened.config, &verb);
            out.line(format!("\n{}: {command}", out.both(&texts::PAGES)));
            for (at, page) in self.pages.iter().enumerate() {
                out.line(format!("  {}  {}", at + 1, page.line()));
            }
        }
        if !self.items.is_empty() {
            out.line(format!("\n{}", out.both(&texts::EARLIER_ITEMS)));
            for job in &self.items {
                out.line(format!(
                    "  {}  `{}`  {}  {}",
                    job.id,
                    job.reference,
                    out.both(&texts::state(job.state)),
                    moment::show(job.created_at)
                ));
            }
        }
        out.line(format!(
            "\n{}: {}",
            out.both(&texts::SHOWN),
            self.sheet.shown()
        ));
        for command in self.commands(context, opened, acting) {
            out.line(format!("  {command}"));
        }
    }
}

/// A review in one line: who decided it and why, or since when it waits.
fn line(out: &Out, review: &Review) -> String {
    let rules: Vec<_> = review.rules.iter().map(|rule| rule.id.as_str()).collect();
    let end = match (&review.decided_by, &review.code) {
        (Some(by), Some(code)) => format!("{by}, {code}"),
        (Some(by), None) => by.clone(),
        (None, _) => moment::show(review.opened_at),
    };
    format!(
        "{}  {}  {}  {end}",
        review.id,
        out.both(&texts::review(review.state)),
        rules.join(", ")
    )
}
