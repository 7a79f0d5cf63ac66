//! How long decisions take, and how a replay runs:
//! `cargo run --release -p clerkwork-policy --example decide -- [--decisions N] [--inputs N]`.
//!
//! On one core, over a mix of items: most pass, some are blocked by one rule, some by a fact that is
//! missing; always the same mix. First the bundle as it is, then grown to 1,000 rules by forbids
//! that do not fire. The replay feeds inputs one at a time to the bundle as it is and to one with a
//! stricter rule, and shows the memory before and at its peak.

use std::{env, error::Error, fs, hint::black_box, time::Instant};

use clerkwork_core::{FactValue, Facts, Office, Timestamp, Verdict};
use clerkwork_policy::{Bundle, Engine, Question, Replay, StoredInput};
use serde_json::Value;

/// How many rules the grown bundle has.
const GROWN: usize = 1_000;

const KINDS: [(&str, &str); 2] = [
    ("AgentInvoiceReview", "agent_invoice"),
    ("RedLetterInvoice", "red_letter"),
];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let (mut decisions, mut inputs) = (20_000, 100_000);
    let mut args = env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().and_then(|text| text.parse::<usize>().ok());
        match (name.as_str(), value) {
            ("--decisions", Some(n)) if n > 0 => decisions = n,
            ("--inputs", Some(n)) if n > 0 => inputs = n,
            _ => return Err("use --decisions N and --inputs N, each above 0".into()),
        }
    }
    let engine = loaded("the bundle as it is", Bundle::embedded())?;
    let mix = Mix::of(&engine)?;
    replay(&engine, &mix, inputs)?;
    println!(
        "\n{:<34} {:>6} {:>9} {:>9}",
        "one decision, µs", "rules", "p50", "p99"
    );
    of_engine(&engine, &mix, decisions);
    let grown = loaded("the same, grown", grown(&engine)?)?;
    of_engine(&grown, &mix, decisions);
    Ok(())
}

fn loaded(name: &str, bundle: Bundle) -> Result<Engine> {
    let start = Instant::now();
    let engine = Engine::new(bundle)?;
    let (rules, took) = (engine.rules().count(), start.elapsed());
    println!("{name}: {rules} rules, loaded in {} ms", took.as_millis());
    Ok(engine)
}

/// The bundle with as many forbids added as make it [`GROWN`]; none of them fires on the mix.
fn grown(engine: &Engine) -> Result<Bundle> {
    let mut rules = String::new();
    for index in engine.rules().count()..GROWN {
        let (kind, _) = KINDS[index % KINDS.len()];
        let (action, fact) = match index % KINDS.len() {
            0 => ("process", "gross_cents"),
            _ => ("process_red_letter", "reversed_gross_cents"),
        };
        let limit = 1_000_000_000_000 + index;
        rules += &format!(
            "@id(\"grown.rule_{index}\") @tier(\"business\") @disposition(\"review\")\n\
             @reason_zh(\"生成的规则\") @reason_en(\"a generated rule\")\n\
             forbid (principal, action == Action::\"{action}\", resource is {kind})\n\
             unless {{ context has {fact} && context.{fact} <= {limit} }};\n"
        );
    }
    Ok(engine
        .bundle()
        .clone()
        .with_file("rules/grown.cedar", rules)
        .seal()?)
}

/// Items to decide, made one after the other from the good item of each kind.
struct Mix {
    kinds: Vec<(&'static str, Facts, Vec<String>)>,
}

impl Mix {
    fn of(engine: &Engine) -> Result<Self> {
        let text = engine
            .bundle()
            .file("cases/baselines.json")
            .ok_or("no baselines")?;
        let json: Value = serde_json::from_str(text)?;
        let mut kinds = Vec::new();
        for (kind, baseline) in KINDS {
            let facts = good(&json["baselines"][baseline]["facts"])?;
            // Facts without which the item does not pass.
            let office = Office::default();
            let mut needed = Vec::new();
            for name in facts.0.keys() {
                let mut less = facts.clone();
                less.0.remove(name);
                let verdict = engine.decide(&question(kind, &office, &less)).verdict;
                if verdict != Verdict::Proceed {
                    needed.push(name.clone());
                }
            }
            if needed.is_empty() {
                return Err(format!("no rule reads a fact of `{kind}`").into());
            }
            kinds.push((kind, facts, needed));
        }
        Ok(Self { kinds })
    }

    /// The item of this number: 7 of 10 pass, 2 have a number far too great, 1 lacks a fact.
    fn item(&self, number: usize) -> (&'static str, Facts) {
        let (kind, good, needed) = &self.kinds[number % self.kinds.len()];
        let mut facts = good.clone();
        // Spread by a multiplier without a factor in common with the counts.
        let spread = number.wrapping_mul(2_654_435_761) >> 7;
        let name = &needed[spread % needed.len()];
        match number / self.kinds.len() % 10 {
            0 => drop(facts.0.remove(name)),
            1 | 2 => facts.put(risk(kind), 1_000_i64, "example", Timestamp(0)),
            _ => {}
        }
        (kind, facts)
    }
}

/// A fact of the kind that must be small.
fn risk(kind: &str) -> &'static str {
    match kind {
        "AgentInvoiceReview" => "duplicates_count",
        _ => "seller_month_end_reds_count",
    }
}

fn good(json: &Value) -> Result<Facts> {
    let mut facts = Facts::default();
    for (name, value) in json.as_object().ok_or("a baseline without facts")? {
        let value: FactValue = serde_json::from_value(value.clone())?;
        facts.put(name, value, "example", Timestamp(0));
    }
    Ok(facts)
}

fn question<'a>(kind: &'a str, office: &'a Office, facts: &'a Facts) -> Question<'a> {
    Question {
        robot: "worker-1",
        resource_type: kind,
        automatable: true,
        item: "019c0000-0000-7000-8000-000000000000",
        office,
        submitter: "lin.wei",
        facts,
    }
}

fn of_engine(engine: &Engine, mix: &Mix, decisions: usize) {
    let measure = |name: &str, times: usize, ask: &dyn Fn(&Question<'_>)| {
        let office = Office::default();
        let mut micros = Vec::with_capacity(times);
        for number in 0..times {
            let (kind, facts) = mix.item(number);
            let question = question(kind, &office, &facts);
            let start = Instant::now();
            ask(&question);
            micros.push(start.elapsed().as_secs_f64() * 1e6);
        }
        micros.sort_by(f64::total_cmp);
        let (p50, p99) = (micros[times / 2], micros[times * 99 / 100]);
        let rules = engine.rules().count();
        println!("{name:<34} {rules:>6} {p50:>9.1} {p99:>9.1}");
    };
    measure("decide", decisions, &|question| {
        drop(black_box(engine.decide(question)));
    });
    measure("may execute what was approved", decisions, &|question| {
        drop(black_box(engine.may_execute_approved(question)));
    });
    measure("explain", decisions, &|question| {
        drop(black_box(engine.explain(question)));
    });
    // A search is many decisions.
    let searches = decisions.div_ceil(20);
    measure("smallest change", searches, &|question| {
        drop(black_box(engine.smallest_change(question)));
    });
}

fn replay(engine: &Engine, mix: &Mix, inputs: usize) -> Result<()> {
    let stricter = r#"@id("stricter.gross") @tier("integrity") @disposition("review2")
@reason_zh("示例") @reason_en("an example")
forbid (principal, action == Action::"process", resource is AgentInvoiceReview)
unless { context has gross_cents && context.gross_cents <= 100000 };
"#;
    let bundle = engine
        .bundle()
        .clone()
        .with_file("rules/stricter.cedar", stricter);
    let other = Engine::new(bundle.seal()?)?;
    let before = memory("VmRSS")?;
    let start = Instant::now();
    let mut replay = Replay::new(engine, &other);
    let mut moved = 0_u64;
    for number in 0..inputs {
        let (kind, facts) = mix.item(number);
        let old_verdict = match number / KINDS.len() % 10 {
            0..=2 => Verdict::Review,
            _ => Verdict::Proceed,
        };
        let input = StoredInput {
            item: number.to_string(),
            resource_type: kind.into(),
            automatable: true,
            office: Office::default(),
            submitter: "lin.wei".into(),
            facts,
            old_verdict,
        };
        replay.feed(&input, |mover| {
            black_box(mover);
            moved += 1;
        });
    }
    let seconds = start.elapsed().as_secs_f64();
    let table = replay.table();
    println!(
        "\nreplay of {inputs} inputs: {seconds:.2} s, {:.0} a second",
        inputs as f64 / seconds
    );
    println!("memory: {before} before, {} at its peak", memory("VmHWM")?);
    println!(
        "moved {moved}, other rules {}, drift {}",
        table.other_rules, table.drift
    );
    for cell in &table.cells {
        println!("{:>8} -> {:<8} {:>8}", cell.old, cell.new, cell.count);
    }
    Ok(())
}

/// What the kernel says about this process's memory, for example `VmHWM`, the peak.
fn memory(name: &str) -> Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    Ok(value
        .map_or("unknown", |(_, value)| value.trim())
        .to_owned())
}
