//! A folder of files, each a connector.
//!
//! [`Folder::reload`] looks at all of them and puts what it read in place in one step: whoever asks meanwhile gets
//! the old connectors or the new ones, never a mixture. A file that is broken keeps the connector it had in force.
//! A file that has not changed keeps its connector and so its session, unless it names certificates or a proxy's
//! password: those may have been replaced.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use clerkwork_connectors_api::contract::Connector as _;

use crate::{connector::Declarative, fault::Fault, settings::Settings};

/// The connectors of a folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    settings: Box<dyn SettingsFor>,
    loaded: RwLock<Arc<Loaded>>,
    /// One reload at a time.
    reloading: Mutex<()>,
}

/// Connectors by the names of their files.
type Loaded = BTreeMap<String, Entry>;

#[derive(Debug, Clone)]
struct Entry {
    text: Arc<str>,
    connector: Arc<Declarative>,
}

/// What an installation says of each connector.
pub trait SettingsFor: Send + Sync + std::fmt::Debug {
    /// Of the file with this name, without folder.
    fn settings_for(&self, file: &str) -> Settings;
}

/// The same for all of them.
impl SettingsFor for Settings {
    fn settings_for(&self, _: &str) -> Settings {
        self.clone()
    }
}

/// What a reload did. Files are named without the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Files whose connectors are new or replaced.
    pub loaded: Vec<String>,
    /// Files that have not changed.
    pub unchanged: Vec<String>,
    /// Files that are gone, and their connectors with them.
    pub removed: Vec<String>,
    /// Broken files whose earlier connectors stay in force.
    pub kept: Vec<String>,
    /// What is wrong with broken files.
    pub faults: Vec<Fault>,
}

impl Folder {
    /// Loads all files `*.toml` of a folder. A broken file is told and left out.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(
        path: impl Into<PathBuf>,
        settings: impl SettingsFor + 'static,
    ) -> io::Result<(Self, Reloaded)> {
        let folder = Self {
            path: path.into(),
            settings: Box::new(settings),
            loaded: RwLock::default(),
            reloading: Mutex::default(),
        };
        let reloaded = folder.reload()?;
        Ok((folder, reloaded))
    }

    /// The connectors in force, sorted by the names of their files.
    pub fn connectors(&self) -> Vec<Arc<Declarative>> {
        let loaded = self.loaded();
        loaded
            .values()
            .map(|entry| Arc::clone(&entry.connector))
            .collect()
    }

    /// A connector by its own name.
    pub fn get(&self, name: &str) -> Option<Arc<Declarative>> {
        let found = self.connectors().into_iter();
        found
            .into_iter()
            .find(|connector| connector.profile().name == name)
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at all files again.
    ///
    /// # Errors
    /// When the folder cannot be read; everything stays as it was.
    pub fn reload(&self) -> io::Result<Reloaded> {
        let _one = self
            .reloading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = self.loaded();
        let mut next = Loaded::new();
        let mut told = Reloaded::default();
        for (file, path) in files(&self.path)? {
            let old = before.get(&file);
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) => {
                    let why = format!("the file cannot be read: {}", error.kind());
                    told.faults.push(fault(&file, why));
                    told.kept.extend(old.map(|_| file.clone()));
                    next.extend(old.map(|old| (file.clone(), old.clone())));
                    continue;
                }
            };
            if let Some(old) =
                old.filter(|old| *old.text == *text && !old.connector.reads_files_when_loaded())
            {
                next.insert(file.clone(), old.clone());
                told.unchanged.push(file);
                continue;
            }
            let settings = self.settings.settings_for(&file);
            match Declarative::parse(&text, &file, &settings) {
                Ok(connector) => {
                    let entry = Entry {
                        text: text.into(),
                        connector: Arc::new(connector),
                    };
                    next.insert(file.clone(), entry);
                    told.loaded.push(file);
                }
                Err(faults) => {
                    told.faults.extend(faults);
                    told.kept.extend(old.map(|_| file.clone()));
                    next.extend(old.map(|old| (file, old.clone())));
                }
            }
        }
        refuse_same_names(&mut next, &before, &mut told);
        let gone = before.keys().filter(|file| !next.contains_key(*file));
        told.removed = gone.cloned().collect();
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(told)
    }
}

/// Of files with one connector's name the one that had it stays, or the first.
fn refuse_same_names(next: &mut Loaded, before: &Loaded, told: &mut Reloaded) {
    let name = |entry: &Entry| entry.connector.profile().name;
    let mut files: Vec<String> = next.keys().cloned().collect();
    let had = |file: &String| before.get(file).map(name) == next.get(file).map(name);
    files.sort_by_key(|file| !had(file));
    let mut taken = BTreeSet::new();
    for file in files {
        let Some(own) = next.get(&file).map(name) else {
            continue;
        };
        if taken.insert(own) {
            continue;
        }
        told.faults.push(fault(
            &file,
            format!("another file has a connector named `{own}`; give this one another `name`"),
        ));
        told.loaded.retain(|loaded| *loaded != file);
        next.remove(&file);
        // What it was before may still have a name of its own.
        if let Some(old) = before.get(&file).filter(|old| taken.insert(name(old))) {
            next.insert(file.clone(), old.clone());
            told.kept.push(file);
        }
    }
}

fn fault(file: &str, message: String) -> Fault {
    Fault {
        file: file.to_owned(),
        line: 1,
        column: 1,
        message,
    }
}

/// The files of the folder with their names, sorted. Hidden ones are editors' copies.
fn files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .map(str::to_owned);
        if let Some(name) = name
            && name.ends_with(".toml")
            && !name.starts_with('.')
        {
            found.insert(name, path);
        }
    }
    Ok(found)
}
