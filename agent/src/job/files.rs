//! Hands files to the jail's init, which writes them from inside: the submitted ones, and what they were compiled to before.

use super::artefacts::{Artefact, SUBMITTED};
use super::error::JobError;
use super::request::{FileName, SourceFile};
use crate::pool::Jail;
use jail::proto::{PIECE, ToInit};

/// Sends all of them. Init answers only when it fails, and then the stage does not start.
pub(super) async fn place(
    jail: &mut Jail,
    files: &[SourceFile],
    artefacts: &[Artefact],
) -> Result<(), JobError> {
    for file in files {
        send(jail, &file.name, SUBMITTED, &file.content).await?;
    }
    for file in artefacts {
        send(jail, &file.name, file.mode, &file.content).await?;
    }
    Ok(())
}

async fn send(jail: &mut Jail, name: &FileName, mode: u32, bytes: &[u8]) -> Result<(), JobError> {
    let name = name.as_str().to_owned();
    jail.send(&ToInit::File { name, mode }).await?;
    for piece in bytes.chunks(PIECE) {
        jail.send(&ToInit::Piece(piece.to_vec())).await?;
    }
    Ok(())
}
