//! What changes something: a decision, and a file that goes up.
//!
//! Each goes from the page of the application to a form, for decisions through a confirmation, to the page
//! of a result. Up to the form nothing was sent, so that a page that does not match is a changed page. From
//! the first form on it is an unknown outcome, but for the page of the confirmation: where that is shown,
//! nothing was decided.

use clerkwork_connectors_api::{ConnectorError, ErrorKind, agent_invoice::ApplicationStatus};

use crate::{
    answer::Answer,
    browser::{Shown, after_write},
    forms::{Fill, Upload},
    portal::{ISSUE, Portal, RETURN},
    read::{self, Unread},
    view::Mismatch,
};

/// Forms are filled again in a new session so often.
const SESSIONS: usize = 2;

/// A decision as pages know it.
struct Decision<'a> {
    operation: &'static str,
    number: &'a str,
    fill: Fill<'a>,
    /// The page that asks for the confirmation.
    confirm: &'static str,
}

impl Portal {
    pub(crate) async fn issue(&self, number: &str) -> Result<String, ConnectorError> {
        let answer = self
            .decide(&Decision {
                operation: ISSUE,
                number,
                fill: Fill::press("approve", "approve"),
                confirm: "confirm_issue",
            })
            .await?;
        self.result(ISSUE, &answer, "issued", number, |fields| {
            read::invoice_number(fields, "invoice_number")
        })
    }

    pub(crate) async fn give_back(
        &self,
        number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        let reasons = reasons.join("\n");
        let values = [("reasons", reasons.as_str())];
        let fill = Fill {
            values: &values,
            ..Fill::press("return", "return")
        };
        let answer = self
            .decide(&Decision {
                operation: RETURN,
                number,
                fill,
                confirm: "confirm_return",
            })
            .await?;
        self.result(RETURN, &answer, "returned", number, |_| Ok(()))
    }

    /// Sends a file up.
    pub(crate) async fn send_up(
        &self,
        operation: &'static str,
        number: &str,
        file: &Upload,
    ) -> Result<(), ConnectorError> {
        let fill = Fill {
            file: Some(("file", file)),
            ..Fill::press("upload", "upload")
        };
        for _ in 0..SESSIONS {
            let shown = self.known(operation, number).await?;
            self.read_detail(operation, &shown.answer, number, |_| Ok(()))?;
            let form = self
                .browser
                .fill(operation, &shown.answer, "detail", &fill)?;
            match self
                .browser
                .submit(operation, &shown.session, &form)
                .await?
            {
                None => {}
                Some(answer) => {
                    return self.result(
                        operation,
                        &answer,
                        "uploaded",
                        number,
                        |fields| match fields.entry("file_name")? {
                            (_, name) if name == file.name => Ok(()),
                            (field, _) => Err(Unread::Malformed {
                                field: field.into(),
                                expected: "name of the file that was sent",
                            }),
                        },
                    );
                }
            }
        }
        Err(self.never_done(operation))
    }

    /// The page of an application that must be there.
    pub(crate) async fn known(
        &self,
        operation: &'static str,
        number: &str,
    ) -> Result<Shown, ConnectorError> {
        self.detail(operation, number).await?.ok_or_else(|| {
            let why = "the portal does not know the application; look at its number";
            self.browser.error(operation, ErrorKind::Rejected, why)
        })
    }

    /// Goes to the page after the confirmation.
    async fn decide(&self, decision: &Decision<'_>) -> Result<Answer, ConnectorError> {
        let Decision {
            operation,
            number,
            fill,
            confirm,
        } = decision;
        let pages = &self.browser.pages;
        for _ in 0..SESSIONS {
            let shown = self.known(operation, number).await?;
            let status = self.read_detail(operation, &shown.answer, number, |view| {
                read::status(pages, view)
            })?;
            if status != ApplicationStatus::Pending {
                // The decision may have been ours, at an earlier try.
                let why = "the application is decided already; look it up";
                return Err(self
                    .browser
                    .error(operation, ErrorKind::OutcomeUnknown, why));
            }
            let form = self
                .browser
                .fill(operation, &shown.answer, "detail", fill)?;
            let asked = match self
                .browser
                .submit(operation, &shown.session, &form)
                .await?
            {
                None => continue,
                Some(answer) => answer,
            };
            self.is_confirmation(operation, &asked, confirm, number)?;
            // Recognised, it says that nothing was decided yet.
            let press = Fill::press("confirm", "confirm");
            let form = self.browser.fill(operation, &asked, confirm, &press);
            let form = form.map_err(before_decision)?;
            match self
                .browser
                .submit(operation, &shown.session, &form)
                .await?
            {
                None => {}
                Some(answer) => return Ok(answer),
            }
        }
        Err(self.never_done(operation))
    }

    /// Whether the page asks to confirm the decision on this application. Another page may be the result
    /// of a portal that does not ask any more.
    fn is_confirmation(
        &self,
        operation: &'static str,
        answer: &Answer,
        page: &'static str,
        number: &str,
    ) -> Result<(), ConnectorError> {
        let read = self.read(operation, answer, page, |view| {
            Ok(view.required("application")?.text("number")?)
        });
        match read.map_err(after_write)? {
            named if named == number => Ok(()),
            _ => {
                let mismatch = Mismatch {
                    page: page.into(),
                    selector: "application".into(),
                    why: "it is about another application than the form".into(),
                };
                let error = self.browser.changed(operation, &answer.text, &mismatch);
                Err(after_write(error))
            }
        }
    }

    /// Reads the page of a result, which must be about this application.
    fn result<T>(
        &self,
        operation: &'static str,
        answer: &Answer,
        page: &'static str,
        number: &str,
        read: impl FnOnce(&crate::view::Fields) -> Result<T, Unread>,
    ) -> Result<T, ConnectorError> {
        let outcome = self.read(operation, answer, page, |view| {
            let fields = view.required("result")?;
            if fields.text("number")? != number {
                let why = "it is about another application than the form";
                return Err(view.wrong(&fields.at, why).into());
            }
            read(&fields)
        });
        outcome.map_err(after_write)
    }

    fn never_done(&self, operation: &'static str) -> ConnectorError {
        let why =
            "the session ended again before the form was taken, so nothing was done; try again";
        self.browser.error(operation, ErrorKind::Transient, why)
    }
}

/// The same error once a form has led to the confirmation, which was not given.
fn before_decision(error: ConnectorError) -> ConnectorError {
    let message = error
        .message
        .replace("nothing was sent; ", "nothing was decided; ");
    ConnectorError { message, ..error }
}
