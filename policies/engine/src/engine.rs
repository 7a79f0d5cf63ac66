//! The engine and how it asks Cedar one question.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision as CedarDecision, Effect, Entities, Entity,
    EntityId, EntityTypeName, EntityUid, PolicySet, Request, RestrictedExpression, Schema,
};
use clerkwork_core::{Digest, Facts, Office, RuleHit};

use crate::{
    bundle::Bundle,
    load,
    problem::Refused,
    refusal,
    rule::Rule,
    vocabulary::{FactType, Vocabulary, expression},
};

/// What may be asked. Each is an action of the schema, and the group of the actions that ask the
/// same about kinds with facts of their own: `policies/docs/adr/0001-actions-of-a-kind.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// A robot completes an item without a person.
    Process,
    /// The same for kinds that are always blocked; asked only for the rules that say so.
    ProcessBlocked,
    /// A robot sends an item back without a person.
    Return,
    /// A robot completes what a person approved.
    ExecuteApproved,
    /// A robot sends back what a person returned.
    ExecuteReturned,
    /// A person decides a review.
    DecideReview,
}

impl Act {
    pub(crate) const ALL: [Self; 6] = [
        Self::Process,
        Self::ProcessBlocked,
        Self::Return,
        Self::ExecuteApproved,
        Self::ExecuteReturned,
        Self::DecideReview,
    ];

    /// The name of the action in the schema.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::ProcessBlocked => "process_blocked",
            Self::Return => "return",
            Self::ExecuteApproved => "execute_approved",
            Self::ExecuteReturned => "execute_returned",
            Self::DecideReview => "decide_review",
        }
    }

    /// The acts that an action of the schema is: by its own name, or by the groups it is in. Only
    /// one that is exactly one act can be asked for.
    pub(crate) fn of(action: &EntityUid, actions: &Entities) -> Vec<Self> {
        let is = |act: &Self| {
            let named = |uid: &EntityUid| {
                uid.type_name() == action.type_name() && uid.id().unescaped() == act.name()
            };
            named(action)
                || actions
                    .ancestors(action)
                    .is_some_and(|mut groups| groups.any(named))
        };
        Self::ALL.into_iter().filter(is).collect()
    }

    /// The type of who acts.
    pub(crate) const fn principal(self) -> &'static str {
        match self {
            Self::Process
            | Self::ProcessBlocked
            | Self::Return
            | Self::ExecuteApproved
            | Self::ExecuteReturned => "Robot",
            Self::DecideReview => "User",
        }
    }
}

/// The policies that can concern one action on one kind, and what is needed to ask them.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) act: Act,
    pub(crate) action: EntityUid,
    pub(crate) action_entity: Option<Entity>,
    pub(crate) principal: EntityTypeName,
    pub(crate) resource: EntityTypeName,
    /// The type of an item's `office`.
    pub(crate) office: EntityTypeName,
    /// The type of an item's `submitter`.
    pub(crate) user: EntityTypeName,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) set: PolicySet,
    pub(crate) rules: BTreeMap<String, Arc<Rule>>,
    /// Every condition of every permit as a permit of its own; the id is the place in
    /// `condition_texts`.
    pub(crate) conditions: PolicySet,
    pub(crate) condition_texts: Vec<String>,
}

/// Who asks about which item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) principal: &'a str,
    pub(crate) item: &'a str,
    pub(crate) office: &'a Office,
    pub(crate) submitter: &'a str,
}

/// A question in Cedar's terms: the request, and every entity that it refers to.
pub(crate) type Input = (Request, Entities);

/// Cedar's answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Permitted, without any error.
    pub(crate) allowed: bool,
    /// When allowed the permits that hold, otherwise the forbids; by id.
    pub(crate) rules: Vec<Arc<Rule>>,
    /// What the engine refuses: facts it cannot read, policies that erred. Not empty: not allowed.
    pub(crate) refusals: Vec<RuleHit>,
    /// Ids of the rules that erred.
    pub(crate) erring: Vec<String>,
    /// When nothing was permitted and nothing forbidden: the conditions of permits that fail.
    pub(crate) unmet: Vec<String>,
}

/// A bundle, ready to be asked. Immutable; share it between threads.
#[derive(Debug)]
pub struct Engine {
    pub(crate) version: Digest,
    pub(crate) bundle: Bundle,
    pub(crate) schema: Schema,
    pub(crate) rules: BTreeMap<String, Arc<Rule>>,
    pub(crate) slices: HashMap<Act, BTreeMap<String, Slice>>,
    pub(crate) authorizer: Authorizer,
}

impl Engine {
    /// Validates a bundle and makes it ready. Refused with everything that is wrong with it.
    pub fn new(bundle: Bundle) -> Result<Self, Refused> {
        load::engine(bundle, true)
    }

    /// An engine whose canaries were not asked: for tests that ask what holds when a bundle has
    /// passed that should not have.
    #[doc(hidden)]
    pub fn without_canaries(bundle: Bundle) -> Result<Self, Refused> {
        load::engine(bundle, false)
    }

    /// The bundle in a directory.
    pub fn load(dir: &Path) -> Result<Self, Refused> {
        Self::new(Bundle::read_dir(dir)?)
    }

    /// The bundle that was compiled in.
    pub fn embedded() -> Result<Self, Refused> {
        Self::new(Bundle::embedded())
    }

    /// Digest of schema and rules: which policy this is.
    pub fn version(&self) -> Digest {
        self.version
    }

    /// The files it was made of.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Every rule, by id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values().map(|rule| &**rule)
    }

    /// The facts that the schema knows for a kind, by its resource type; nothing for a kind that
    /// it does not know.
    pub fn vocabulary(&self, resource_type: &str) -> Option<&Vocabulary> {
        self.unattended(resource_type)
            .map(|slice| &slice.vocabulary)
    }

    pub(crate) fn slice(&self, act: Act, resource_type: &str) -> Option<&Slice> {
        self.slices.get(&act)?.get(resource_type)
    }

    /// The slice that unattended work on this kind is asked of.
    pub(crate) fn unattended(&self, resource_type: &str) -> Option<&Slice> {
        self.slice(Act::Process, resource_type)
            .or_else(|| self.slice(Act::ProcessBlocked, resource_type))
    }

    /// Puts a robot's question to Cedar.
    pub(crate) fn ask(&self, slice: &Slice, asked: &Asked<'_>, facts: &Facts) -> Answer {
        let (known, refusals) = readable(&slice.vocabulary, facts);
        let input = slice.input(asked, known, Vec::new(), None);
        self.answer(slice, input, refusals)
    }

    /// Asks Cedar. Errors are looked at before the decision: Cedar skips a policy that errs, so a
    /// forbid that errs would fail open.
    pub(crate) fn answer(
        &self,
        slice: &Slice,
        input: Result<Input, Box<dyn std::error::Error>>,
        mut refusals: Vec<RuleHit>,
    ) -> Answer {
        let (request, entities) = match input {
            Ok(input) => input,
            Err(error) => {
                refusals.push(refusal::no_request(&*error));
                return Answer {
                    allowed: false,
                    rules: Vec::new(),
                    refusals,
                    erring: Vec::new(),
                    unmet: Vec::new(),
                };
            }
        };
        let response = self
            .authorizer
            .is_authorized(&request, &slice.set, &entities);
        let mut errors = BTreeMap::new();
        for AuthorizationError::PolicyEvaluationError(error) in response.diagnostics().errors() {
            let id: &str = error.policy_id().as_ref();
            errors.insert(id, error.inner().to_string());
        }
        for (id, error) in &errors {
            refusals.push(refusal::evaluation_failed(id, error));
        }
        let erring: Vec<String> = errors.into_keys().map(str::to_owned).collect();
        let decision = response.decision();
        let allowed = refusals.is_empty() && decision == CedarDecision::Allow;
        let effect = match decision {
            CedarDecision::Allow => Effect::Permit,
            CedarDecision::Deny => Effect::Forbid,
        };
        let mut rules: Vec<Arc<Rule>> = Vec::new();
        for id in response.diagnostics().reason() {
            let id: &str = id.as_ref();
            match slice.rules.get(id) {
                Some(rule) if rule.effect == effect => rules.push(Arc::clone(rule)),
                Some(_) | None => refusals.push(refusal::evaluation_failed(id, "unknown rule")),
            }
        }
        // Permits are no reason why something is not allowed.
        if !allowed {
            rules.retain(|rule| !rule.permits());
        }
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let unmet = if decision == CedarDecision::Deny && rules.is_empty() && erring.is_empty() {
            self.unmet(slice, &request, &entities)
        } else {
            Vec::new()
        };
        Answer {
            allowed: allowed && refusals.is_empty(),
            rules,
            refusals,
            erring,
            unmet,
        }
    }

    /// The conditions of the slice's permits that do not hold. One that errs is left out: it reads
    /// a fact that is missing, and the condition that asks for the fact is listed.
    fn unmet(&self, slice: &Slice, request: &Request, entities: &Entities) -> Vec<String> {
        let response = self
            .authorizer
            .is_authorized(request, &slice.conditions, entities);
        let index = |id: &cedar_policy::PolicyId| AsRef::<str>::as_ref(id).parse::<usize>().ok();
        let met: BTreeSet<usize> = response.diagnostics().reason().filter_map(index).collect();
        let erring: BTreeSet<usize> = response
            .diagnostics()
            .errors()
            .filter_map(|AuthorizationError::PolicyEvaluationError(error)| index(error.policy_id()))
            .collect();
        (0..slice.condition_texts.len())
            .filter(|index| !met.contains(index) && !erring.contains(index))
            .map(|index| slice.condition_texts[index].clone())
            .collect()
    }
}

/// The facts that the vocabulary knows, in Cedar's terms, and a refusal for each of the others.
fn readable(
    vocabulary: &Vocabulary,
    facts: &Facts,
) -> (Vec<(String, RestrictedExpression)>, Vec<RuleHit>) {
    let mut known = Vec::with_capacity(facts.0.len());
    let mut refusals = Vec::new();
    for (name, fact) in &facts.0 {
        let found = FactType::of(&fact.value);
        match vocabulary.get(name) {
            Some(wanted) if *wanted == found => known.push((name.clone(), expression(&fact.value))),
            Some(wanted) => refusals.push(refusal::wrong_type(name, *wanted, found)),
            None => refusals.push(refusal::unknown_fact(name)),
        }
    }
    (known, refusals)
}

impl Slice {
    /// Builds the request and every entity that it refers to. `known` are entities of which more is
    /// known than their name; they go before those that are made here. With a schema all is
    /// validated against it; without, it is right by construction, which the canaries prove at load.
    pub(crate) fn input(
        &self,
        asked: &Asked<'_>,
        context: Vec<(String, RestrictedExpression)>,
        known: Vec<Entity>,
        schema: Option<&Schema>,
    ) -> Result<Input, Box<dyn std::error::Error>> {
        let uid = |name: &EntityTypeName, id: &str| {
            EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id))
        };
        let principal = uid(&self.principal, asked.principal);
        let office = uid(&self.office, asked.office.as_str());
        let submitter = uid(&self.user, asked.submitter);
        let item = uid(&self.resource, asked.item);
        let bare = |uid: &EntityUid| Entity::new_no_attrs(uid.clone(), HashSet::new());
        let attributes = HashMap::from([
            (
                "office".to_owned(),
                RestrictedExpression::new_entity_uid(office),
            ),
            (
                "submitter".to_owned(),
                RestrictedExpression::new_entity_uid(submitter.clone()),
            ),
        ]);
        let made = [bare(&principal), bare(&submitter)]
            .into_iter()
            .chain(office_chain(&self.office, asked.office)?);
        // Few enough that looking through them is the quickest.
        let mut entities: Vec<Entity> = Vec::with_capacity(8);
        for entity in known.into_iter().chain(made) {
            if entities.iter().all(|taken| taken.uid() != entity.uid()) {
                entities.push(entity);
            }
        }
        // With a schema, Cedar adds the actions itself.
        if schema.is_none() {
            entities.extend(self.action_entity.clone());
        }
        entities.push(Entity::new(item.clone(), attributes, HashSet::new())?);
        let context = Context::from_pairs(context)?;
        let request = Request::new(principal, self.action.clone(), item, context, schema)?;
        let entities = Entities::from_entities(entities, schema)?;
        Ok((request, entities))
    }
}

/// An office and all above it, each in the one above. The path of an office holds theirs.
pub(crate) fn office_chain(
    type_name: &EntityTypeName,
    office: &Office,
) -> Result<Vec<Entity>, Box<dyn std::error::Error>> {
    let uid = |path: &str| EntityUid::from_type_name_and_id(type_name.clone(), EntityId::new(path));
    let mut chain = Vec::with_capacity(4);
    let mut path = office.as_str();
    loop {
        let above = path.rsplit_once('/').map(|(above, _)| above);
        let parents = HashSet::from_iter(above.map(uid));
        chain.push(Entity::new(uid(path), HashMap::new(), parents)?);
        match above {
            Some(above) => path = above,
            None => return Ok(chain),
        }
    }
}

#[cfg(test)]
mod tests {
    use clerkwork_core::{FactValue, Timestamp};

    use super::*;

    /// Requests and entities that Cedar validated give the answers of those that it did not.
    #[test]
    fn validation_by_cedar_changes_no_answer() {
        let engine = Engine::embedded().unwrap();
        let asked = Asked {
            principal: "robot",
            item: "item",
            office: &Office::default(),
            submitter: "lin.wei",
        };
        let values: [FactValue; 4] = [true.into(), 1_i64.into(), "normal".into(), "high".into()];
        let mut compared = 0;
        let robots = engine.slices.values().flat_map(BTreeMap::values);
        for slice in robots.filter(|slice| slice.act != Act::DecideReview) {
            for name in slice.vocabulary.keys() {
                for value in &values {
                    let mut facts = Facts::default();
                    for status in ["upstream_status", "application_status"] {
                        facts.put(status, "pending", "test", Timestamp(0));
                    }
                    facts.put(name, value.clone(), "test", Timestamp(0));
                    let answer = |schema| {
                        let (known, _) = readable(&slice.vocabulary, &facts);
                        let (request, entities) =
                            slice.input(&asked, known, Vec::new(), schema).unwrap();
                        engine
                            .authorizer
                            .is_authorized(&request, &slice.set, &entities)
                    };
                    assert_eq!(answer(None), answer(Some(&engine.schema)), "{name}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 900);
    }
}
