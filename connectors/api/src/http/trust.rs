//! Certificates that one of the two sides does not take, found in the causes of a failed request.

use std::{error::Error, io};

use rustls::{AlertDescription, CertificateError};

/// What is wrong and what to do about it; nothing when certificates are not what it failed for.
///
/// A refusal of ours arrives as an alert in the middle of the handshake. Under TLS 1.3 the request
/// may have been sent by then, but a server reads none before the handshake is done.
pub(super) fn distrust(error: &reqwest::Error) -> Option<String> {
    let host = error.url().and_then(|url| url.host_str());
    let host = host.unwrap_or("the upstream");
    let why = match tls(error)? {
        rustls::Error::InvalidCertificate(why) => why,
        rustls::Error::AlertReceived(alert) => return refused(host, *alert),
        _ => return None,
    };
    let why = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired; have it renewed"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; check the clock of this machine"
        }
        CertificateError::UnknownIssuer => {
            "its issuer is unknown; if it is right, name the issuer's certificate in `ca_files`"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is made out to another name; check `base_url`"
        }
        CertificateError::Revoked => "it was revoked; have it replaced",
        other => {
            return Some(format!(
                "the certificate of `{host}` is not trusted: {other}"
            ));
        }
    };
    Some(format!("the certificate of `{host}` is not trusted: {why}"))
}

fn refused(host: &str, alert: AlertDescription) -> Option<String> {
    let why = match alert {
        AlertDescription::CertificateRequired => "wants a certificate from us",
        AlertDescription::CertificateExpired => "says that our certificate has expired",
        AlertDescription::CertificateRevoked => "says that our certificate was revoked",
        AlertDescription::UnknownCA => "does not know the issuer of our certificate",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown => "does not take our certificate",
        _ => return None,
    };
    Some(format!("`{host}` {why}; check `identity_file`"))
}

/// The error of TLS among the causes. What an I/O error wraps is not its source, so it is looked into.
fn tls(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}
