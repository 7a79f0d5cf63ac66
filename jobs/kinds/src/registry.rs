//! Every kind the fleet knows, one line each.

use std::sync::Arc;

use crate::{
    JobKind, agent_invoice_review::AgentInvoiceReview, by_hand,
    red_letter_invoice::RedLetterInvoice,
};

/// Which connector serves each field of work, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Agent-issued invoices.
    pub agent_invoices: &'static str,
    /// Red-letter invoices.
    pub red_letters: &'static str,
}

impl Default for Served {
    /// The e-tax platform's, for all.
    fn default() -> Self {
        Self {
            agent_invoices: "etax",
            red_letters: "etax",
        }
    }
}

/// The kinds, by name.
#[derive(Clone)]
pub struct Registry(Vec<Arc<dyn JobKind>>);

impl Registry {
    /// All kinds of this build. To add a kind, add its line here.
    pub fn standard() -> Self {
        Self::served(Served::default())
    }

    /// The same, over these connectors.
    pub fn served(by: Served) -> Self {
        let agent_invoices = AgentInvoiceReview {
            connector: by.agent_invoices,
        };
        let red_letters = RedLetterInvoice {
            connector: by.red_letters,
        };
        Self::of([
            Arc::new(agent_invoices) as Arc<dyn JobKind>,
            Arc::new(red_letters),
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
