//! Writes the list of the bundle's files, so that a rule or a case is added by adding its file.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("..");
    let mut files = vec!["schema.cedarschema".to_owned(), "manifest.toml".to_owned()];
    for (folder, extension) in [("rules", "cedar"), ("cases", "json")] {
        // A folder is watched as a whole: a new file in it reruns this script.
        println!("cargo::rerun-if-changed=../{folder}");
        for entry in fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name
                && path.extension().is_some_and(|found| found == extension)
            {
                files.push(format!("{folder}/{name}"));
            }
        }
    }
    files.sort();
    let mut list = String::from("[\n");
    for file in &files {
        println!("cargo::rerun-if-changed=../{file}");
        // Where the checkout lies is asked when the list is compiled: it may have been moved.
        writeln!(
            list,
            "    ({file:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../{file}\"))),"
        )?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("bundle.rs"), list)?;
    Ok(())
}
