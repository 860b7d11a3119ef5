//! What has to be there before a test can start a node, each with the sentence for when it is not.

use std::path::{Path, PathBuf};

/// Fails the test unless it runs as root: jails need namespaces, cgroups and host uids.
///
/// # Panics
/// When the effective user is not root.
pub fn require_root() {
    assert!(
        nix::unistd::geteuid().is_root(),
        "this test starts real jails and needs root: run it as root, e.g. through `make test`"
    );
}

/// Whether jails here have Landlock as a second wall, so that a test knows what to see.
///
/// # Panics
/// Without, where `CAPSULE_REQUIRE_LANDLOCK` is set: on kernels that are known to have it.
#[must_use]
pub fn has_landlock() -> bool {
    let version = jail::landlock::version();
    assert!(
        version.is_ok() || std::env::var_os("CAPSULE_REQUIRE_LANDLOCK").is_none(),
        "CAPSULE_REQUIRE_LANDLOCK is set and this kernel has no Landlock of use: {version:?}"
    );
    version.is_ok()
}

/// The top folder of the project.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests folder lies in the repository")
        .to_owned()
}

/// The daemon: `CAPSULE_AGENT`, else the one that cargo built into the folder of this test.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn agent_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CAPSULE_AGENT") {
        let path = PathBuf::from(path);
        assert!(
            path.is_file(),
            "CAPSULE_AGENT names {}, which is no file",
            path.display()
        );
        return path;
    }
    let test = std::env::current_exe().expect("the system tells the path of the running test");
    // target/<profile>/deps/<test>: the daemon lies beside deps.
    let path = test
        .ancestors()
        .nth(2)
        .expect("a test lies two folders deep")
        .join("capsule-agent");
    assert!(
        path.is_file(),
        "{} is missing: build it with `cargo build -p capsule-agent` (same profile), or name one by CAPSULE_AGENT",
        path.display()
    );
    path
}

/// The data directory with the runtimes: `CAPSULE_STORE`, else `.node/store` of the repository.
///
/// # Panics
/// When it holds no runtimes.
#[must_use]
pub fn store() -> PathBuf {
    let path = std::env::var_os("CAPSULE_STORE")
        .map_or_else(|| repository().join(".node/store"), PathBuf::from);
    for part in ["base", "packages"] {
        assert!(
            path.join(part).is_dir(),
            "{} is missing: build the runtimes with `make serve` or runtimes/build, or name a store by CAPSULE_STORE",
            path.join(part).display()
        );
    }
    path
}
