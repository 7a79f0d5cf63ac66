//! From the few types of a settings file to ours.

use std::{collections::BTreeMap, fmt::Display, net::SocketAddr, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

/// Absent when the text is empty.
pub(super) fn optional<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    let text = String::deserialize(input)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(Error::custom)
}

/// Addresses by name: `name=address`, with spaces between.
pub(super) fn addresses<'de, D>(input: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(input)?;
    let mut all = BTreeMap::new();
    for word in text.split_whitespace() {
        // The address may hold what is not to be shown.
        let (name, address) = word.split_once('=').ok_or_else(|| {
            Error::custom(
                "holds a word without `=`; write for example \"erp=https://erp.example.gov.cn\"",
            )
        })?;
        if all.insert(name.to_owned(), address.to_owned()).is_some() {
            let why = format!("names `{name}` twice; leave one of them out");
            return Err(Error::custom(why));
        }
    }
    Ok(all)
}

/// A text that must not be empty.
pub(super) fn parsed<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    String::deserialize(input)?.parse().map_err(Error::custom)
}

/// A number of seconds, with decimals. Ranges were checked before.
pub(super) fn seconds<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    Duration::try_from_secs_f64(f64::deserialize(input)?).map_err(Error::custom)
}

/// A whole number of milliseconds.
pub(super) fn millis<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    u64::deserialize(input).map(Duration::from_millis)
}

/// A whole number of minutes.
pub(super) fn minutes<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    u32::deserialize(input).map(|minutes| Duration::from_secs(60 * u64::from(minutes)))
}

/// Where to listen.
pub(super) fn address<'de, D: Deserializer<'de>>(input: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(input)?;
    text.parse().map_err(|_| {
        Error::custom(format!(
            "`{text}` is not an address to listen at; write an IP address and a port, such as \"127.0.0.1:8470\" or \"[::1]:8470\""
        ))
    })
}
