//! Names that can only lead into the submission folder.

use std::fmt;

/// One component: Linux's own bound less room for the ending that a language's files may get, of at most ten bytes.
const MAX_COMPONENT: usize = 245;

/// A whole name: a quarter of Linux's bound, so that a folder in front and an extension behind always fit.
const MAX_NAME: usize = 1024;

/// Components of a name: what bounds the folders that one file can make.
const MAX_COMPONENTS: usize = 32;

/// The name of a submitted file: one or more components between single slashes, none of them empty, `.` or `..`,
/// without NUL bytes. `./a` and `b//c`, which Piston takes, are taken as `a` and `b/c`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileName(String);

/// Why a name can't be used; reads on from the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameFault {
    /// Something other than a string.
    NotAString,
    /// It begins with a slash.
    Absolute,
    /// It goes up.
    Leaves,
    /// It names a folder: it is empty or ends with a slash or a dot.
    Folder,
    /// It holds a NUL byte.
    Nul,
    /// One component is too long.
    ComponentTooLong,
    /// The name is too long.
    TooLong,
    /// It lies in too many folders.
    TooDeep,
}

impl FileName {
    /// Checks a name.
    pub(crate) fn new(name: String) -> Result<Self, NameFault> {
        if name.contains('\0') {
            return Err(NameFault::Nul);
        }
        if name.starts_with('/') {
            return Err(NameFault::Absolute);
        }
        if name.split('/').any(|component| component == "..") {
            return Err(NameFault::Leaves);
        }
        if matches!(name.rsplit('/').next(), None | Some("" | ".")) {
            return Err(NameFault::Folder);
        }
        let parts = name.split('/').filter(|part| !matches!(*part, "" | "."));
        let name = parts.collect::<Vec<_>>().join("/");
        if name
            .split('/')
            .any(|component| component.len() > MAX_COMPONENT)
        {
            return Err(NameFault::ComponentTooLong);
        }
        if name.len() > MAX_NAME {
            return Err(NameFault::TooLong);
        }
        if name.split('/').count() > MAX_COMPONENTS {
            return Err(NameFault::TooDeep);
        }
        Ok(Self(name))
    }

    /// The name of a file that was given none.
    pub(super) fn positional(index: usize) -> Self {
        Self(format!("file{index}.code"))
    }

    /// A name that was checked and has got an ending since.
    pub(super) const fn given(name: String) -> Self {
        Self(name)
    }

    /// The name, relative to the submission folder.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders that the file lies in, outermost first.
    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAString => f.write_str("must be a string"),
            Self::Absolute => f.write_str("must be relative to the submission folder"),
            Self::Leaves => f.write_str("must stay in the submission folder"),
            Self::Folder => f.write_str("must name a file, not a folder"),
            Self::Nul => f.write_str("cannot contain a NUL byte"),
            Self::ComponentTooLong => {
                write!(f, "cannot have a part longer than {MAX_COMPONENT} bytes")
            }
            Self::TooLong => write!(f, "cannot be longer than {MAX_NAME} bytes"),
            Self::TooDeep => write!(f, "cannot have more than {MAX_COMPONENTS} parts"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_and_odd_names_pass() {
        let long = "a".repeat(MAX_COMPONENT);
        for name in [
            "main.py",
            "a/b/c.py",
            "..x.py",
            "...",
            "-c.py",
            "my file.py",
            "ü",
            "a\\..\\b",
            "\n",
            "~",
            &long,
        ] {
            let checked = FileName::new(name.to_owned()).unwrap();
            assert_eq!(checked.as_str(), name);
        }
        let deep = FileName::new("a/b/c.py".to_owned()).unwrap();
        assert_eq!(deep.folders().collect::<Vec<_>>(), ["a", "a/b"]);
    }

    #[test]
    fn roundabout_names_are_made_plain() {
        for (name, plain) in [
            ("./a", "a"),
            ("a/./b", "a/b"),
            ("a//b", "a/b"),
            ("././a/.//b", "a/b"),
        ] {
            assert_eq!(FileName::new(name.to_owned()).unwrap().as_str(), plain);
        }
    }

    #[test]
    fn every_way_out_has_its_fault() {
        let long = "a".repeat(MAX_COMPONENT + 1);
        let longer = format!("{0}/{0}/{0}/{0}/{0}", "a".repeat(MAX_COMPONENT));
        let deep = "a/".repeat(MAX_COMPONENTS) + "a";
        for (name, fault) in [
            ("/etc/x.py", NameFault::Absolute),
            ("/", NameFault::Absolute),
            ("..", NameFault::Leaves),
            ("../x", NameFault::Leaves),
            ("a/../../x", NameFault::Leaves),
            ("a/..", NameFault::Leaves),
            (".", NameFault::Folder),
            ("a/.", NameFault::Folder),
            ("a/", NameFault::Folder),
            ("./", NameFault::Folder),
            ("a\0/../b", NameFault::Nul),
            (&long, NameFault::ComponentTooLong),
            (&longer, NameFault::TooLong),
            (&deep, NameFault::TooDeep),
        ] {
            assert_eq!(FileName::new(name.to_owned()), Err(fault), "{name:?}");
        }
    }
}
