//! Which package: a name and a version that can be folders of the store.

use crate::info::{full_version, is_name};
use nodejs_semver::Version;
use std::fmt;
use thiserror::Error;

/// The longest version that is taken, in bytes. Those of Piston are below 16.
const VERSION_MAX: usize = 64;

/// A package's name and version. Both are single names of folders, whoever wrote them.
#[derive(Clone, Debug)]
pub struct PackageId {
    name: String,
    version: Version,
}

/// What keeps two texts from naming a package.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdFault {
    /// The name can't be that of a package and of its folder.
    #[error(
        "{0:?} can't be the name of a package: it has 1 to 64 bytes, no control character, no slash and no dot in front"
    )]
    Name(String),
    /// The version is not a full semantic version in its usual spelling.
    #[error("version {0:?} is not of the form 1.2.3")]
    Version(String),
}

impl PackageId {
    /// Reads a name and a version.
    ///
    /// # Errors
    /// One of them can't be.
    pub fn parse(name: &str, version: &str) -> Result<Self, IdFault> {
        // A dot in front would be hidden, `.` or `..`.
        if !is_name(name) || name.contains('/') || name.starts_with('.') {
            return Err(IdFault::Name(name.to_owned()));
        }
        let version = Some(version)
            .filter(|version| version.len() <= VERSION_MAX)
            .and_then(full_version)
            .ok_or_else(|| IdFault::Version(version.to_owned()))?;
        Ok(Self {
            name: name.to_owned(),
            version,
        })
    }

    /// The name, which is also that of the folder in the store.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version; as text it is the name of the folder in that folder.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// `NAME/VERSION`, the folder below the store.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }
}

/// Versions that differ by their build (`1.0.0+a`) are equal to semver, and two packages here.
impl PartialEq for PackageId {
    fn eq(&self, other: &Self) -> bool {
        self.folder() == other.folder()
    }
}

impl Eq for PackageId {}

impl fmt::Display for PackageId {
    /// `NAME-VERSION`, as Piston writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn what_can_be_a_package() {
        for name in ["python", "c++", "basic.net", "ünï"] {
            let id = PackageId::parse(name, "1.2.3-rc.1+b").unwrap();
            assert_eq!(id.folder(), format!("{name}/1.2.3-rc.1+b"));
        }
        for name in [
            "",
            ".",
            "..",
            ".hidden",
            "a/b",
            "/",
            "a\n",
            "\0",
            &"a".repeat(65),
        ] {
            assert_eq!(
                PackageId::parse(name, "1.0.0"),
                Err(IdFault::Name(name.to_owned()))
            );
        }
        let long = format!("1.0.0-{}", "a".repeat(60));
        for version in ["", "1", "v1.0.0", "1.0.0/..", "..", "01.0.0", &long] {
            assert_eq!(
                PackageId::parse("a", version),
                Err(IdFault::Version(version.to_owned()))
            );
        }
    }

    proptest! {
        /// Whatever is taken is two folders deep below whatever it is joined to.
        #[test]
        fn a_package_is_a_folder_of_the_store(name in "\\PC{0,70}|[./a]{0,5}", version in "[0-9]\\.[0-9]\\.[0-9][-+./a-z0-9]{0,70}") {
            if let Ok(id) = PackageId::parse(&name, &version) {
                let folder = id.folder();
                let parts: Vec<_> = Path::new(&folder).components().collect();
                prop_assert_eq!(parts, [Component::Normal(name.as_ref()), Component::Normal(version.as_ref())]);
            }
        }
    }
}
