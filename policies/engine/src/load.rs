//! From a bundle to an engine: parse, validate, compare with the manifest, slice, try.
//!
//! Everything that is wrong is reported, not only the first. Whatever is doubtful refuses the
//! bundle: Cedar's warnings count as errors, and so does a policy that no request could reach.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
    str::FromStr,
    sync::Arc,
};

use cedar_policy::{
    ActionConstraint, Effect, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    PolicySetError, PrincipalConstraint, ResourceConstraint, Schema, ValidationMode, Validator,
};
use miette::Diagnostic;

use crate::{
    bundle::{Bundle, SCHEMA},
    canary, contradiction,
    engine::{Act, Engine, Slice},
    manifest::Manifest,
    problem::{Problem, Refused, from_diagnostic},
    rule::{Rule, parse_file},
    vocabulary,
};

/// How far policies may follow references: the entities that the engine loads. The item is one
/// step, its office and its submitter are two; the same holds for a person and their office.
const MAX_DEREFERENCES: u32 = 2;

/// Builds an engine, or says everything that is wrong with the bundle. Only tests leave out the
/// canaries.
pub(crate) fn engine(bundle: Bundle, canaries: bool) -> Result<Engine, Refused> {
    let mut problems = Vec::new();
    let schema = read_schema(&bundle, &mut problems);
    let (rules, set) = read_rules(&bundle, &mut problems);
    let Some((schema, vocabularies)) = schema else {
        return Err(Refused::new(problems));
    };
    validate(&bundle, &schema, &set, &rules, &mut problems);
    let slices = slice(&schema, &set, &rules, &vocabularies, &mut problems);
    let all = rules.values().map(|rule| &**rule);
    contradiction::check(&bundle, all, &set, &slices, &mut problems);
    let engine = Engine {
        version: bundle.version(),
        bundle,
        schema,
        rules,
        slices,
        authorizer: cedar_policy::Authorizer::new(),
    };
    // A bundle that is wrong in itself would fail the canaries for reasons of no interest.
    if canaries && problems.is_empty() {
        canary::sing(&engine, &mut problems);
    }
    if problems.is_empty() {
        Ok(engine)
    } else {
        Err(Refused::new(problems))
    }
}

type Vocabularies = BTreeMap<String, vocabulary::Vocabulary>;

fn read_schema(bundle: &Bundle, problems: &mut Vec<Problem>) -> Option<(Schema, Vocabularies)> {
    let Some(text) = bundle.file(SCHEMA) else {
        problems.push(Problem::new(SCHEMA, "there is no schema"));
        return None;
    };
    let schema = match Schema::from_cedarschema_str(text) {
        Ok((schema, warnings)) => {
            for warning in warnings {
                from_diagnostic(SCHEMA, text, &warning, problems);
            }
            schema
        }
        Err(error) => {
            from_diagnostic(SCHEMA, text, &error, problems);
            return None;
        }
    };
    match vocabulary::of_schema(text) {
        Ok(vocabularies) => Some((schema, vocabularies)),
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}

/// Reads every rule file and compares the bundle with its manifest.
fn read_rules(
    bundle: &Bundle,
    problems: &mut Vec<Problem>,
) -> (BTreeMap<String, Arc<Rule>>, PolicySet) {
    let mut rules: BTreeMap<String, Arc<Rule>> = BTreeMap::new();
    let mut set = PolicySet::new();
    let mut counts = HashMap::new();
    for (file, source) in bundle.rules() {
        let Some(policies) = parse_file(file, source, problems) else {
            continue;
        };
        counts.insert(file.to_owned(), policies.len());
        for policy in &policies {
            let Some((rule, policy)) = Rule::read(policy, file, source, problems) else {
                continue;
            };
            if let Some(first) = rules.get(&rule.id) {
                let message = format!("the id `{}` is taken", rule.id);
                let hint = format!("the first one is at {}:{}", first.file, first.line);
                problems.push(
                    Problem::new(file, message)
                        .at(source, start(&policy))
                        .hint(hint),
                );
                continue;
            }
            match set.add(policy) {
                Ok(()) => drop(rules.insert(rule.id.clone(), Arc::new(rule))),
                Err(error) => from_diagnostic(file, source, &error, problems),
            }
        }
    }
    Manifest::check(bundle, |file| counts.get(file).copied(), problems);
    (rules, set)
}

fn start(policy: &Policy) -> usize {
    policy.as_ref().loc().map_or(0, |loc| loc.start())
}

fn validate(
    bundle: &Bundle,
    schema: &Schema,
    set: &PolicySet,
    rules: &BTreeMap<String, Arc<Rule>>,
    problems: &mut Vec<Problem>,
) {
    let result = Validator::new(schema.clone()).validate_with_level(
        set,
        ValidationMode::Strict,
        MAX_DEREFERENCES,
    );
    let errors = result
        .validation_errors()
        .map(|error| (error.policy_id(), error as &dyn Diagnostic));
    let warnings = result
        .validation_warnings()
        .map(|warning| (warning.policy_id(), warning as &dyn Diagnostic));
    // Cedar repeats an error for every kind of request that it concerns.
    let mut seen = BTreeSet::new();
    for (id, diagnostic) in errors.chain(warnings) {
        let id: &str = id.as_ref();
        let file = rules.get(id).map_or("", |rule| &*rule.file);
        let source = bundle.file(file).unwrap_or_default();
        let mut found = Vec::new();
        from_diagnostic(file, source, diagnostic, &mut found);
        let span = diagnostic
            .labels()
            .and_then(|mut labels| labels.next())
            .map(|label| (label.offset(), label.len()));
        let message = span.is_none().then(|| diagnostic.to_string());
        if seen.insert((file.to_owned(), span, message)) {
            problems.append(&mut found);
        }
    }
}

/// Sorts the policies by what is asked of them, so that a decision evaluates no others.
fn slice(
    schema: &Schema,
    set: &PolicySet,
    rules: &BTreeMap<String, Arc<Rule>>,
    vocabularies: &Vocabularies,
    problems: &mut Vec<Problem>,
) -> HashMap<Act, BTreeMap<String, Slice>> {
    let mut slices: HashMap<Act, BTreeMap<String, Slice>> = HashMap::new();
    let type_name = |name| EntityTypeName::from_str(name).map_err(|error| error.to_string());
    let (actions, office, user) = match (
        schema.action_entities(),
        type_name("Office"),
        type_name("User"),
    ) {
        (Ok(actions), Ok(office), Ok(user)) => (actions, office, user),
        (actions, office, user) => {
            let errors = [
                actions.err().map(|e| e.to_string()),
                office.err(),
                user.err(),
            ];
            let problem = |error| Problem::new(SCHEMA, error);
            problems.extend(errors.into_iter().flatten().map(problem));
            return slices;
        }
    };
    for env in schema.request_envs() {
        let name: &str = env.action().id().as_ref();
        let act = match Act::of(env.action(), &actions)[..] {
            [act] => act,
            [] => {
                let message = format!("the engine never asks for action `{name}`");
                let known = Act::ALL.map(Act::name).join(", ");
                problems.push(Problem::new(SCHEMA, message).hint(format!(
                    "it asks for {known}; put the action into the group of one of them: `in [Action::\"process\"]`"
                )));
                continue;
            }
            ref several => {
                let acts = several.iter().map(|act| act.name()).collect::<Vec<_>>();
                let message = format!("action `{name}` is {} at once", acts.join(" and "));
                let hint = "a rule about one act would concern the other; leave it in one group";
                problems.push(Problem::new(SCHEMA, message).hint(hint));
                continue;
            }
        };
        if env.principal().to_string() != act.principal() {
            let message = format!("action `{name}` is not for `{}`", env.principal());
            let hint = format!("its principal is {}", act.principal());
            problems.push(Problem::new(SCHEMA, message).hint(hint));
            continue;
        }
        let in_scope = |policy: &Policy| {
            principal_fits(policy, env.principal())
                && resource_fits(policy, env.resource())
                && match policy.action_constraint() {
                    ActionConstraint::Any => true,
                    ActionConstraint::Eq(uid) => uid == *env.action(),
                    ActionConstraint::In(uids) => uids.iter().any(|uid| {
                        uid == env.action() || actions.is_ancestor_of(uid, env.action())
                    }),
                }
        };
        let mut slice = Slice {
            act,
            action: env.action().clone(),
            action_entity: actions.get(env.action()).cloned(),
            principal: env.principal().clone(),
            resource: env.resource().clone(),
            office: office.clone(),
            user: user.clone(),
            vocabulary: vocabularies.get(name).cloned().unwrap_or_default(),
            set: PolicySet::new(),
            rules: BTreeMap::new(),
            conditions: PolicySet::new(),
            condition_texts: Vec::new(),
        };
        for policy in set.policies().filter(|policy| in_scope(policy)) {
            let id: &str = policy.id().as_ref();
            let Some(rule) = rules.get(id) else { continue };
            let mut doubled = |error: PolicySetError| {
                problems.push(Problem::new(&rule.file, error.to_string()));
            };
            if let Err(error) = slice.set.add(policy.clone()) {
                doubled(error);
            }
            for condition in &rule.conditions {
                let id = PolicyId::new(slice.condition_texts.len().to_string());
                if let Err(error) = slice.conditions.add(condition.policy.new_id(id)) {
                    doubled(error);
                }
                slice.condition_texts.push(condition.text.clone());
            }
            slice.rules.insert(id.to_owned(), Arc::clone(rule));
        }
        let resource = slice.resource.to_string();
        match slices.entry(act).or_default().entry(resource) {
            Entry::Vacant(free) => drop(free.insert(slice)),
            Entry::Occupied(taken) => {
                let (kind, first) = (taken.key(), &taken.get().action);
                let message = format!("`{kind}` has {first} and action `{name}` for one act");
                let hint = "the engine could ask only one; let each kind have one action of an act";
                problems.push(Problem::new(SCHEMA, message).hint(hint));
            }
        }
    }
    for rule in rules.values() {
        let used = slices
            .values()
            .flat_map(BTreeMap::values)
            .any(|slice| slice.rules.contains_key(&rule.id));
        if !used {
            let message = format!("rule `{}` concerns nothing that is ever asked", rule.id);
            problems.push(
                Problem::new(&rule.file, message)
                    .hint("check principal, action and resource of its scope"),
            );
        }
        if rule.effect == Effect::Permit {
            let reached = slices
                .values()
                .flat_map(BTreeMap::values)
                .filter(|slice| slice.rules.contains_key(&rule.id));
            for slice in reached.filter(|slice| !names(rule, set, &slice.action)) {
                let (id, action) = (&rule.id, &slice.action);
                let message = format!("permit `{id}` reaches {action} only through its group");
                problems.push(
                    Problem::new(&rule.file, message).hint(
                        "name the actions themselves, so that a new one is not permitted too",
                    ),
                );
            }
        }
    }
    slices
}

/// Whether the rule's scope names this very action.
fn names(rule: &Rule, set: &PolicySet, action: &EntityUid) -> bool {
    match set
        .policy(&PolicyId::new(&rule.id))
        .map(Policy::action_constraint)
    {
        None | Some(ActionConstraint::Any) => false,
        Some(ActionConstraint::Eq(uid)) => uid == *action,
        Some(ActionConstraint::In(uids)) => uids.contains(action),
    }
}

/// Whether the scope lets the policy concern this type of principal. `in` may hold for any type.
fn principal_fits(policy: &Policy, wanted: &EntityTypeName) -> bool {
    match policy.principal_constraint() {
        PrincipalConstraint::Any | PrincipalConstraint::In(_) => true,
        PrincipalConstraint::Eq(uid) => uid.type_name() == wanted,
        PrincipalConstraint::Is(name) | PrincipalConstraint::IsIn(name, _) => name == *wanted,
    }
}

/// Whether the scope lets the policy concern this type of resource.
fn resource_fits(policy: &Policy, wanted: &EntityTypeName) -> bool {
    match policy.resource_constraint() {
        ResourceConstraint::Any | ResourceConstraint::In(_) => true,
        ResourceConstraint::Eq(uid) => uid.type_name() == wanted,
        ResourceConstraint::Is(name) | ResourceConstraint::IsIn(name, _) => name == *wanted,
    }
}
