//! Every kind the fleet knows, one line each.

use std::sync::Arc;

use crate::{
    JobKind, agent_invoice_review::AgentInvoiceReview, by_hand,
    red_letter_invoice::RedLetterInvoice,
};

/// The kinds, by name.
#[derive(Clone)]
pub struct Registry(Vec<Arc<dyn JobKind>>);

impl Registry {
    /// All kinds of this build. To add a kind, add its line here.
    pub fn standard() -> Self {
        Self::of([
            Arc::new(AgentInvoiceReview) as Arc<dyn JobKind>,
            Arc::new(RedLetterInvoice),
            by_hand::kind::<by_hand::InvoiceQuota>(),
            by_hand::kind::<by_hand::Deregistration>(),
            by_hand::kind::<by_hand::EquityTransfer>(),
            by_hand::kind::<by_hand::CreditRefund>(),
        ])
    }

    /// These kinds; of two with one name the first counts.
    pub fn of(kinds: impl IntoIterator<Item = Arc<dyn JobKind>>) -> Self {
        Self(kinds.into_iter().collect())
    }

    /// The kind of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn JobKind>> {
        self.0.iter().find(|kind| kind.name() == name)
    }

    /// The names, in the order of the registry.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|kind| kind.name())
    }

    /// The kinds, in the order of the registry.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<dyn JobKind>> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Registry {
    type Item = &'a Arc<dyn JobKind>;
    type IntoIter = std::slice::Iter<'a, Arc<dyn JobKind>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
