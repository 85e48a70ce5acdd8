//! The dependencies between the files of a crate, read from its sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ItemMod, ItemUse, UseTree, Visibility};

/// The files of a crate and the dependencies between them.
pub struct Crate {
    /// The path of each module without `crate`, and its file, relative to `src`.
    modules: BTreeMap<Vec<String>, String>,
    /// The re-exports: module, name, and path of the original.
    reexports: BTreeMap<(Vec<String>, String), Vec<String>>,
    /// The files that each file depends on.
    pub dependencies: BTreeMap<String, BTreeSet<String>>,
    /// The paths that each file uses, including its re-exports, each with the file that defines it.
    pub uses: BTreeMap<String, Vec<(Vec<String>, String)>>,
}

/// All Rust files under a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

impl Crate {
    /// Reads the sources under `src`.
    pub fn read(src: &Path) -> Self {
        let mut read = Self {
            modules: BTreeMap::new(),
            reexports: BTreeMap::new(),
            dependencies: BTreeMap::new(),
            uses: BTreeMap::new(),
        };
        let mut seen = Vec::new();
        for path in files(src) {
            let name = path.strip_prefix(src).unwrap().to_str().unwrap().replace('\\', "/");
            let stem = name.trim_end_matches(".rs").trim_end_matches("/mod");
            // Programs are crates of their own, and tests are skipped.
            if stem == "main" || stem.starts_with("bin/") || stem.ends_with("tests") || stem.contains("/tests/") {
                continue;
            }
            let module: Vec<String> =
                if stem == "lib" { Vec::new() } else { stem.split('/').map(str::to_owned).collect() };
            read.modules.insert(module.clone(), name.clone());
            let text = fs::read_to_string(&path).unwrap();
            let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            let mut names = Names { used: Vec::new(), reexports: Vec::new() };
            names.visit_file(&file);
            for (name, path) in &names.reexports {
                read.reexports.insert((module.clone(), name.clone()), path.clone());
            }
            seen.push((module, name, names));
        }
        for (module, name, Names { used, reexports }) in seen {
            let with_file = |path: Vec<String>| read.file_of(&module, &path, 0).map(|file| (path, file));
            let used: Vec<_> = used.into_iter().filter_map(with_file).filter(|(_, file)| *file != name).collect();
            let to = used.iter().map(|(_, file)| file.clone()).collect();
            let reexports = reexports.into_iter().filter_map(|(_, path)| with_file(path));
            let all = used.iter().cloned().chain(reexports).collect();
            read.dependencies.insert(name.clone(), to);
            read.uses.insert(name, all);
        }
        read
    }

    /// Whether a path names a re-export at the root of the crate, not a module.
    pub fn is_root_reexport(&self, path: &[String]) -> bool {
        path.first().is_some_and(|first| first == "crate")
            && path.get(1).is_some_and(|name| !self.modules.contains_key(std::slice::from_ref(name)))
    }

    /// The file that defines a path used in `module`, if it is in the crate.
    fn file_of(&self, module: &[String], path: &[String], depth: usize) -> Option<String> {
        let mut full = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.to_vec(),
            first => {
                let child = [module, &[first.to_owned()]].concat();
                self.modules.contains_key(&child).then(|| module.to_vec())?
            }
        };
        for segment in path {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => _ = full.pop(),
                segment => full.push(segment.to_owned()),
            }
        }
        let length = (0..=full.len()).rev().find(|length| self.modules.contains_key(&full[..*length]))?;
        let (owner, rest) = full.split_at(length);
        if let Some(name) = rest.first()
            && let Some(path) = self.reexports.get(&(owner.to_vec(), name.clone()))
            && depth < 8
        {
            return self.file_of(owner, path, depth + 1).or_else(|| Some(self.modules[owner].clone()));
        }
        Some(self.modules[owner].clone())
    }

    /// The groups of files that depend on each other in a cycle.
    pub fn cycles(&self) -> Vec<Vec<String>> {
        let reach: BTreeMap<&String, BTreeSet<&String>> =
            self.dependencies.keys().map(|file| (file, self.reached_from(file))).collect();
        let mut cycles: Vec<Vec<String>> = Vec::new();
        for (file, reached) in reach.iter().filter(|(file, reached)| reached.contains(*file)) {
            if !cycles.iter().flatten().any(|known| known == *file) {
                let all = reached.iter().filter(|other| reach[**other].contains(file));
                cycles.push(all.map(|other| (*other).clone()).collect());
            }
        }
        cycles
    }

    fn reached_from(&self, file: &str) -> BTreeSet<&String> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&String> = self.dependencies[file].iter().collect();
        while let Some(file) = next.pop() {
            if reached.insert(file) {
                next.extend(&self.dependencies[file]);
            }
        }
        reached
    }
}

/// The paths that the code of a file uses, without its tests.
struct Names {
    used: Vec<Vec<String>>,
    reexports: Vec<(String, Vec<String>)>,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| {
                    let words = list.tokens.to_string().replace(' ', "");
                    words.starts_with("test") || words.starts_with("all(test")
                })
    })
}

/// Collects the paths of a `use`, each with its name in this module.
fn leaves(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    let with = |before: &[String], ident: &Ident| [before, &[ident.to_string()]].concat();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves(&path.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) => found.push((name.ident.to_string(), with(before, &name.ident))),
        UseTree::Rename(rename) => found.push((rename.rename.to_string(), with(before, &rename.ident))),
        UseTree::Glob(_) => found.push(("*".to_owned(), before.clone())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, found)),
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) && item.content.is_some() {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if is_test(&item.attrs) {
            return;
        }
        let mut found = Vec::new();
        leaves(&item.tree, &mut Vec::new(), &mut found);
        // A re-export is not a use. A use of it counts as a use of the original.
        match item.vis {
            Visibility::Inherited => self.used.extend(found.into_iter().map(|(_, path)| path)),
            _ => self.reexports.extend(found),
        }
    }

    // `pub(in crate::decode)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 && path.leading_colon.is_none() {
            self.used.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    // The content of a macro is not parsed: its paths are found as text, without string literals.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let text = item.tokens.to_string();
        let code: Vec<&str> = text.split('"').step_by(2).collect();
        let code = code.join(" ").replace(" :: ", "::");
        for path in code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
            if path.contains("::") && !path.starts_with("::") {
                self.used.push(path.trim_end_matches("::").split("::").map(str::to_owned).collect());
            }
        }
        visit::visit_macro(self, item);
    }
}
