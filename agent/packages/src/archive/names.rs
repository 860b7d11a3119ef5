//! Paths of entries: which ones a package may have.

use super::error::Fault;
use super::limits::Limits;

/// The path of an entry below the package's folder, its names separated by single slashes; empty for the folder itself.
/// `./` in front, as `tar -c .` writes it, and a slash behind a folder mean nothing.
pub(super) fn checked(path: &[u8], is_folder: bool, limits: &Limits) -> Result<String, Fault> {
    if path.contains(&0) {
        return Err(Fault::Nul);
    }
    if path.len() > limits.path {
        return Err(Fault::PathTooLong(limits.path));
    }
    let path = std::str::from_utf8(path).map_err(|_| Fault::NotText)?;
    if path.starts_with('/') {
        return Err(Fault::Absolute);
    }
    if is_folder && matches!(path, "." | "./") {
        return Ok(String::new());
    }
    let mut path = path.strip_prefix("./").unwrap_or(path);
    if is_folder {
        path = path.strip_suffix('/').unwrap_or(path);
    }
    for (index, name) in path.split('/').enumerate() {
        match name {
            ".." => return Err(Fault::Dots),
            "" | "." => return Err(Fault::Empty),
            name if name.len() > limits.name => return Err(Fault::NameTooLong(limits.name)),
            _ if index >= limits.depth => return Err(Fault::TooDeep(limits.depth)),
            _ => {}
        }
    }
    Ok(path.to_owned())
}
