//! Red-letter invoices: their world, and the desk that keeps what is done.
//!
//! [`world`] is what the platform knew at the beginning and never changes. [`decide`] says
//! whether an act is allowed, [`desk`] remembers: every act is a [`deed`] with its time, so the memory can be made again from its
//! deeds. The other side of a form acts by [`script`], worked out when somebody looks, never by a
//! timer. [`remainder`] counts what is left of a blue invoice, what open forms keep included.

pub(crate) mod api;
mod book;
pub(crate) mod callback;
mod decide;
mod deed;
mod desk;
mod form;
mod numbers;
mod refusal;
mod remainder;
mod script;
mod state;
mod world;

pub use book::{FormAnswered, FormEntered, RedBook, RedIssued, Settled, WrittenBack};
pub use callback::Callback;
pub(crate) use deed::Stamped;
pub use desk::FormChange;
pub(crate) use desk::RedDesk;
pub(crate) use numbers::Numbers;
pub use state::Play;
pub use world::{RedCase, RedEnd, RedGroup, RedWorld, generate_red, generate_red_from};
