//! From layers to checked settings.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use config::{Value, ValueKind};

use super::{
    CONFIG_FILE, Config, ConfigError, Origin, Settings, Sources,
    layer::{Layer, Place},
    meaning, ranges,
    secret::SECRETS,
    spelling,
};

/// The settings file in the data folder, read when no other is named.
const FILE_IN_DATA_DIR: &str = "clerkwork.toml";
/// The settings that are paths.
const PATHS: [&str; 11] = [
    "connectors.folder",
    "connectors.token_folder",
    "data_dir",
    "etax.token_file",
    "etax.callback_secret_file",
    "etax.ca_file",
    "etax.identity_file",
    "etax.proxy_password_file",
    "portal.pages_file",
    "portal.password_file",
    "policy.dir",
];

type Merged = BTreeMap<String, (Value, Origin)>;

pub(super) fn load(sources: &Sources) -> Result<Config, ConfigError> {
    let defaults = Layer::defaults()?;
    let environment = Layer::environment(&sources.environment)?;
    let options: Vec<_> = sources.overrides.iter().map(Layer::option).collect();
    let upper: Vec<_> = [environment].into_iter().chain(options).collect();
    let file = file_layer(sources, &upper)?;

    let mut merged: Merged = BTreeMap::new();
    for (key, value) in &defaults.values {
        merged.insert(key.clone(), (value.clone(), Origin::Default));
    }
    for layer in file.into_iter().chain(upper) {
        for (key, value) in &layer.values {
            let Some(default) = defaults.values.get(key) else {
                let place = layer.place(key);
                let hint = spelling::hint(key, &layer.origin, defaults.values.keys());
                return Err(ConfigError::Unknown { place, hint });
            };
            let value = fitting(key, default, value, &layer)?;
            merged.insert(key.clone(), (value, layer.origin.clone()));
        }
    }
    settle_paths(&mut merged, sources)?;
    let config = build(&merged)?;
    meaning::check(config, |key| place(&merged, key))
}

/// The file that was named, or the one in the data folder if it is there.
fn file_layer(sources: &Sources, upper: &[Layer]) -> Result<Option<Layer>, ConfigError> {
    let named = sources.file.clone().or_else(|| {
        let name = sources.environment.get(CONFIG_FILE)?;
        (!name.is_empty()).then(|| PathBuf::from(name))
    });
    if let Some(path) = named {
        return Layer::file(&path).map(Some);
    }
    let given = upper.iter().rev().find_map(|layer| layer.text("data_dir"));
    let Some(folder) = given
        .map(|path| expanded(&path, sources))
        .or_else(|| default_data_dir(sources))
    else {
        return Ok(None);
    };
    let path = absolute(&folder).join(FILE_IN_DATA_DIR);
    if !path.exists() {
        return Ok(None);
    }
    let layer = Layer::file(&path)?;
    if layer.values.contains_key("data_dir") {
        return Err(ConfigError::Wrong {
            place: layer.place("data_dir"),
            problem: "the file was found in the data folder and cannot name another; take the line out, or name the file with --config".into(),
        });
    }
    Ok(Some(layer))
}

/// `value` in the type of the default, and within its range.
fn fitting(key: &str, default: &Value, value: &Value, layer: &Layer) -> Result<Value, ConfigError> {
    let wrong = |problem: String| ConfigError::Wrong {
        place: layer.place(key),
        problem,
    };
    let is_file = matches!(layer.origin, Origin::File(_));
    let is_empty = matches!(&value.kind, ValueKind::String(text) if text.is_empty());
    if SECRETS.contains(&key) && is_file && !is_empty {
        return Err(wrong(format!(
            "a secret does not belong into a settings file; write it into a file of its own that only its owner can read, and name that in `{key}_file`"
        )));
    }
    // Texts of the environment and the command line may stand for numbers; those of a file not.
    let fractional = key.ends_with("_seconds");
    let found = match (&default.kind, &value.kind) {
        (ValueKind::String(_), ValueKind::String(_)) => return Ok(value.clone()),
        (ValueKind::I64(_), ValueKind::I64(number)) => Some(*number as f64),
        (ValueKind::I64(_), ValueKind::Float(number)) if fractional => Some(*number),
        (ValueKind::I64(_), ValueKind::String(text)) if !is_file && fractional => {
            text.trim().parse().ok()
        }
        (ValueKind::I64(_), ValueKind::String(text)) if !is_file => {
            text.trim().parse::<i64>().ok().map(|number| number as f64)
        }
        _ => None,
    };
    let Some(number) = found else {
        return Err(wrong(format!(
            "{} stands where {} belongs; {}",
            described(value),
            match &default.kind {
                ValueKind::I64(_) if fractional => "a number of seconds",
                ValueKind::I64(_) => "a whole number",
                _ => "a text",
            },
            match &default.kind {
                ValueKind::String(_) => "put it between quotation marks".to_owned(),
                _ => format!("write for example {default}"),
            },
        )));
    };
    if let Some((least, greatest)) = ranges::of(key)
        && !(least..=greatest).contains(&number)
    {
        return Err(wrong(format!(
            "{number} is out of range; write a number from {least} to {greatest}"
        )));
    }
    Ok(match &value.kind {
        ValueKind::String(text) => match text.trim().parse::<i64>() {
            Ok(whole) => whole.into(),
            Err(_) => number.into(),
        },
        _ => value.clone(),
    })
}

fn described(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("the text `{text}`"),
        ValueKind::Boolean(truth) => format!("`{truth}`"),
        ValueKind::I64(_) | ValueKind::Float(_) => format!("the number {value}"),
        ValueKind::Array(_) => "a list".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// Makes every path absolute, and the data folder present.
fn settle_paths(merged: &mut Merged, sources: &Sources) -> Result<(), ConfigError> {
    for key in PATHS {
        let Some((value, origin)) = merged.get_mut(key) else {
            continue;
        };
        let ValueKind::String(text) = &value.kind else {
            continue;
        };
        let path = if !text.is_empty() {
            let path = expanded(text, sources);
            match origin {
                Origin::File(file) => file.parent().map_or(path.clone(), |at| at.join(&path)),
                Origin::Default | Origin::Environment | Origin::Option(_) => path,
            }
        } else if key == "data_dir" {
            default_data_dir(sources).ok_or(ConfigError::NoHome)?
        } else {
            continue;
        };
        *value = absolute(&path).to_string_lossy().into_owned().into();
    }
    Ok(())
}

fn default_data_dir(sources: &Sources) -> Option<PathBuf> {
    let get = |name| sources.environment.get(name).filter(|at| !at.is_empty());
    let share = match get("XDG_DATA_HOME") {
        Some(share) => PathBuf::from(share),
        None => Path::new(get("HOME")?).join(".local/share"),
    };
    Some(share.join("clerkwork"))
}

/// `~/` at the beginning stands for the user's home.
fn expanded(path: &str, sources: &Sources) -> PathBuf {
    match (path.strip_prefix("~/"), sources.environment.get("HOME")) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn absolute(path: &Path) -> PathBuf {
    // Fails only without a current folder; the path's first use then says so.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn build(merged: &Merged) -> Result<Config, ConfigError> {
    let mut builder = config::Config::builder();
    for (key, (value, _)) in merged {
        builder = builder
            .set_override(key, value.clone())
            .map_err(ConfigError::Unforeseen)?;
    }
    let built = builder.build().map_err(ConfigError::Unforeseen)?;
    let mut config: Config = built.try_deserialize().map_err(|error| match error {
        config::ConfigError::At {
            error,
            key: Some(key),
            ..
        } => ConfigError::Wrong {
            place: place(merged, &key),
            problem: innermost(*error),
        },
        other => ConfigError::Unforeseen(other),
    })?;
    config.settings = Settings::new(merged);
    Ok(config)
}

fn innermost(error: config::ConfigError) -> String {
    match error {
        config::ConfigError::At { error, .. } => innermost(*error),
        other => other.to_string(),
    }
}

fn place(merged: &Merged, key: &str) -> Place {
    let origin = merged.get(key).map(|(_, origin)| origin.clone());
    Place {
        key: key.to_owned(),
        origin: origin.unwrap_or(Origin::Default),
    }
}
