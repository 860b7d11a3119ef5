//! Where symbolic links may lead: nowhere but into the package, whatever links are on the way.
//!
//! A link is at a real folder, since no entry is written through a link. From there `..` leads to real folders, as long as
//! nothing but `..` came before, and no further than to the package's own; names then lead down, or over another link of
//! this kind, which starts at a real folder again. With a `..` behind a name this would not hold: that name may be a link,
//! and `..` then the parent of somewhere else.

use super::error::Fault;

/// The longest target that Linux has, in bytes.
const TARGET_MAX: usize = 4095;

/// What is written for the link at `path` with this target. Absolute ones, which have to lead to below `inside`, become
/// relative ones: those lead to the same wherever the package is.
pub(super) fn target(target: &[u8], path: &str, inside: &str) -> Result<String, Fault> {
    let target = std::str::from_utf8(target).map_err(|_| Fault::Target)?;
    if target.is_empty() || target.len() > TARGET_MAX || target.contains('\0') {
        return Err(Fault::Target);
    }
    let relative = match target.strip_prefix(inside) {
        Some(below) if below.is_empty() || below.starts_with('/') => relative(below, path),
        _ => target.to_owned(),
    };
    match ends_within(&relative, path) && relative.len() <= TARGET_MAX {
        true => Ok(relative),
        false => Err(Fault::leads_out(target)),
    }
}

/// Whether a link at `path` below a package's folder leads to somewhere in it, if all links in it do.
pub(crate) fn ends_within(target: &str, path: &str) -> bool {
    let (mut up, mut is_down) = (0, false);
    for name in target.split('/') {
        match name {
            ".." if is_down => return false,
            ".." => up += 1,
            "" | "." => {}
            _ => is_down = true,
        }
    }
    !target.starts_with('/') && !target.is_empty() && up <= folders_above(path)
}

/// From the folder of `path` to what is at `below` in the package's folder.
fn relative(below: &str, path: &str) -> String {
    let names = below.split('/').filter(|name| !matches!(*name, "" | "."));
    let up = std::iter::repeat_n("..", folders_above(path));
    let parts: Vec<&str> = up.chain(names).collect();
    match parts.is_empty() {
        true => ".".to_owned(),
        false => parts.join("/"),
    }
}

fn folders_above(path: &str) -> usize {
    path.matches('/').count()
}
