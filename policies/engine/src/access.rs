//! Which verb a user may use: roles, in Cedar.
//!
//! Apart from the policy bundle, which people change while the system runs, this is compiled in: who
//! could change who may change it would need no permission. The schema and the permits of each role
//! lie in `policies/access`.
//!
//! Invariants:
//! * **Default deny, and closed when in doubt:** an unknown verb, an error while a rule is evaluated
//!   and a request that cannot be put are denials, with the reason.
//! * **A user works for their office and those below it.** A question without an office is about the
//!   installation as a whole, or about what the caller narrows to the user's office.
//! * **A role gives nothing that it does not name.** Whether somebody may decide on one particular
//!   item is asked besides: [`Engine::may_decide_review`](crate::Engine::may_decide_review).
//!
//! To add a verb: its action in `access.cedarschema`, its line in the roles that have it in
//! `roles.cedar`, and its line in the table of `engine/tests/access.rs`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    str::FromStr,
};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicyId,
    PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use clerkwork_core::{Office, Role, Text, User};

const SCHEMA: &str = include_str!("../../access/access.cedarschema");
const ROLES: &str = include_str!("../../access/roles.cedar");

/// Rules may follow a reference from the user to their office.
const MAX_DEREFERENCES: u32 = 1;

/// The rules of access, ready to be asked. Immutable; share it between threads.
#[derive(Debug)]
pub struct Access {
    schema: Schema,
    rules: PolicySet,
    /// Reasons of forbids, by id.
    reasons: BTreeMap<String, Text>,
    verbs: BTreeMap<String, EntityUid>,
    authorizer: Authorizer,
}

/// What was compiled in is not fit to decide: nobody may do anything.
#[derive(Debug, thiserror::Error)]
#[error("the rules of access are broken: {0}")]
pub struct AccessBroken(String);

/// A user may not use a verb.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct AccessDenied {
    /// Who.
    pub user: String,
    /// What they wanted.
    pub verb: String,
    /// Why not. Never empty.
    pub reasons: Vec<Text>,
}

impl AccessDenied {
    /// One sentence with every reason.
    pub fn text(&self) -> Text {
        let list = |reason: fn(&Text) -> &str, between: &str| {
            let all: Vec<_> = self.reasons.iter().map(reason).collect();
            all.join(between)
        };
        let Self { user, verb, .. } = self;
        Text::owned(
            format!(
                "用户 `{user}` 无权执行 {verb}：{}",
                list(|text| &text.zh, "；")
            ),
            format!("`{user}` may not {verb}: {}", list(|text| &text.en, "; ")),
        )
    }
}

impl fmt::Display for AccessDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

fn broken(error: impl fmt::Display) -> AccessBroken {
    AccessBroken(error.to_string())
}

impl Access {
    /// The rules that were compiled in.
    pub fn embedded() -> Result<Self, AccessBroken> {
        Self::new(SCHEMA, ROLES)
    }

    fn new(schema: &str, roles: &str) -> Result<Self, AccessBroken> {
        let (schema, warnings) = Schema::from_cedarschema_str(schema).map_err(broken)?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(broken(warning));
        }
        let mut rules = PolicySet::new();
        let mut reasons = BTreeMap::new();
        let read = PolicySet::from_str(roles).map_err(broken)?;
        for policy in read.policies() {
            let annotation = |name| policy.annotation(name).map(str::to_owned);
            let id = annotation("id").ok_or_else(|| broken("a rule has no `@id`"))?;
            match (annotation("reason_zh"), annotation("reason_en")) {
                (Some(zh), Some(en)) => drop(reasons.insert(id.clone(), Text::owned(zh, en))),
                _ if policy.effect() == cedar_policy::Effect::Forbid => {
                    return Err(broken(format!("`{id}` forbids without a reason")));
                }
                _ => {}
            }
            // A taken id is refused here.
            let policy = policy.new_id(PolicyId::new(id));
            rules.add(policy).map_err(broken)?;
        }
        let validator = Validator::new(schema.clone());
        let result =
            validator.validate_with_level(&rules, ValidationMode::Strict, MAX_DEREFERENCES);
        if let Some(error) = result.validation_errors().next() {
            return Err(broken(error));
        }
        if let Some(warning) = result.validation_warnings().next() {
            return Err(broken(warning));
        }
        let verbs = schema
            .actions()
            .map(|action| (action.id().unescaped().to_owned(), action.clone()))
            .collect();
        Ok(Self {
            schema,
            rules,
            reasons,
            verbs,
            authorizer: Authorizer::new(),
        })
    }

    /// Every verb that the rules know.
    pub fn verbs(&self) -> impl Iterator<Item = &str> {
        self.verbs.keys().map(String::as_str)
    }

    /// The roles that have a verb.
    pub fn roles_with(&self, verb: &str) -> Vec<Role> {
        let has = |role: &Role| {
            let user = User {
                name: "anybody".into(),
                office: Office::default(),
                roles: vec![*role],
                groups: Vec::new(),
                enabled: true,
                revision: 0,
                created_at: clerkwork_core::Timestamp(0),
            };
            let asked = self.verbs.get(verb);
            asked.is_some_and(|action| self.ask(&user, action, None).is_ok())
        };
        Role::ALL.into_iter().filter(has).collect()
    }

    /// Whether a user may use a verb on the work of an office, or without an office on what
    /// concerns none or is narrowed to their own.
    pub fn may(
        &self,
        user: &User,
        verb: &str,
        office: Option<&Office>,
    ) -> Result<(), AccessDenied> {
        let denied = |reasons| AccessDenied {
            user: user.name.clone(),
            verb: verb.to_owned(),
            reasons,
        };
        let Some(action) = self.verbs.get(verb) else {
            return Err(denied(vec![Text::owned(
                format!("权限规则中没有操作 `{verb}`"),
                format!("the rules of access do not know the verb `{verb}`"),
            )]));
        };
        let reasons = match self.ask(user, action, office) {
            Ok(()) => return Ok(()),
            Err(reasons) if reasons.is_empty() => vec![self.no_role(verb)],
            Err(reasons) => reasons,
        };
        Err(denied(reasons))
    }

    fn no_role(&self, verb: &str) -> Text {
        let roles: Vec<_> = self.roles_with(verb).iter().map(|r| r.as_str()).collect();
        if roles.is_empty() {
            return Text::new("没有任何角色可执行此操作", "no role has this verb");
        }
        Text::owned(
            format!("需要以下角色之一：{}", roles.join("、")),
            format!("this takes one of the roles {}", roles.join(", ")),
        )
    }

    /// The reasons why not; none: no rule permits it. Errors are looked at before the decision:
    /// Cedar skips a rule that errs, so a forbid that errs would fail open.
    fn ask(
        &self,
        user: &User,
        action: &EntityUid,
        office: Option<&Office>,
    ) -> Result<(), Vec<Text>> {
        let doubtful = |error: &dyn fmt::Display| {
            Text::owned(
                format!("权限规则无法判断：{error}"),
                format!("the rules of access could not be asked: {error}"),
            )
        };
        let input = self.input(user, action, office);
        let (request, entities) = input.map_err(|error| vec![doubtful(&error)])?;
        let response = self
            .authorizer
            .is_authorized(&request, &self.rules, &entities);
        let diagnostics = response.diagnostics();
        let mut reasons: Vec<_> = diagnostics
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| doubtful(error))
            .collect();
        if reasons.is_empty() && response.decision() == Decision::Allow {
            return Ok(());
        }
        for id in diagnostics.reason() {
            let id: &str = id.as_ref();
            reasons.extend(self.reasons.get(id).cloned());
        }
        reasons.sort_by(|a, b| a.en.cmp(&b.en));
        Err(reasons)
    }

    fn input(
        &self,
        user: &User,
        action: &EntityUid,
        office: Option<&Office>,
    ) -> Result<(Request, Entities), Box<dyn std::error::Error>> {
        let mut entities = Offices::default();
        let home = entities.add(&user.office)?;
        let resource = match office {
            Some(office) => entities.add(office)?,
            None => uid("Installation", "this")?,
        };
        let mut all = entities.into_entities();
        if office.is_none() {
            all.push(Entity::new_no_attrs(resource.clone(), HashSet::new()));
        }
        let supervisor = uid("Role", "supervisor")?;
        all.push(Entity::new_no_attrs(supervisor.clone(), HashSet::new()));
        let mut roles = HashSet::new();
        for role in Role::ALL {
            let parents = match role {
                Role::Supervisor(_) => HashSet::from([supervisor.clone()]),
                Role::Operator | Role::Auditor | Role::Integrator | Role::Administrator => {
                    HashSet::new()
                }
            };
            let id = uid("Role", role.as_str())?;
            if user.roles.contains(&role) {
                roles.insert(id.clone());
            }
            all.push(Entity::new_no_attrs(id, parents));
        }
        let principal = uid("User", &user.name)?;
        let attributes = HashMap::from([
            (
                "office".to_owned(),
                RestrictedExpression::new_entity_uid(home),
            ),
            (
                "enabled".to_owned(),
                RestrictedExpression::new_bool(user.enabled),
            ),
        ]);
        all.push(Entity::new(principal.clone(), attributes, roles)?);
        let schema = Some(&self.schema);
        let entities = Entities::from_entities(all, schema)?;
        let context = Context::empty();
        let request = Request::new(principal, action.clone(), resource, context, schema)?;
        Ok((request, entities))
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Box<dyn std::error::Error>> {
    let kind = cedar_policy::EntityTypeName::from_str(kind)?;
    let id = cedar_policy::EntityId::new(id);
    Ok(EntityUid::from_type_name_and_id(kind, id))
}

/// Offices with all offices above them.
#[derive(Default)]
struct Offices(BTreeMap<String, Entity>);

impl Offices {
    fn add(&mut self, office: &Office) -> Result<EntityUid, Box<dyn std::error::Error>> {
        let path = office.as_str();
        let mut above: Option<EntityUid> = None;
        let ends = path.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            let name = &path[..end];
            let id = uid("Office", name)?;
            let parents = above.take().into_iter().collect();
            self.0
                .entry(name.to_owned())
                .or_insert_with(|| Entity::new_no_attrs(id.clone(), parents));
            above = Some(id);
        }
        uid("Office", path)
    }

    fn into_entities(self) -> Vec<Entity> {
        self.0.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_rules_decide_nothing() {
        for (rules, says) in [
            ("permit (principal, action, resource);", "@id"),
            (
                r#"@id("x") forbid (principal, action, resource);"#,
                "reason",
            ),
            (
                r#"@id("x") permit (principal, action == Action::"fly", resource);"#,
                "fly",
            ),
            (
                r#"@id("x") permit (principal, action, resource) when { principal.office.city };"#,
                "city",
            ),
            (
                r#"@id("x") permit (principal, action, resource);
                   @id("x") permit (principal, action, resource);"#,
                "x",
            ),
            ("permit", "unexpected"),
        ] {
            let error = Access::new(SCHEMA, rules).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
