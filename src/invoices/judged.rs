//! What the document engine says of a file, as the contract's messages.

use super::convert;
use crate::check::{Check, Invalid};
use crate::fatturapa::{Finding, Integrity, Judgement, Severity, Signature};
use crate::pb::spazio::v1 as pb;
use crate::wire;

/// The file of a request that has nothing else.
pub(super) fn file(request: pb::ValidateInvoiceRequest) -> Result<Vec<u8>, Invalid> {
    let mut check = Check::default();
    convert::size(&mut check, &request.file);
    check.finish(|| Some(request.file))
}

/// What the engine says of a file, and what the archive adds.
pub(super) fn judgement(judged: &Judgement, archive: &[Finding]) -> pb::ValidateInvoiceResponse {
    pb::ValidateInvoiceResponse {
        kind: judged.kind.as_str().to_owned(),
        schema_valid: judged.schema_valid,
        findings: judged.findings.iter().chain(archive).map(finding).collect(),
        signatures: judged.signatures.iter().map(signature).collect(),
    }
}

fn finding(finding: &Finding) -> pb::Finding {
    let severity = match finding.severity {
        Severity::Refused => pb::FindingSeverity::Refused,
        Severity::Advice => pb::FindingSeverity::Advice,
    };
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    pb::Finding {
        code: finding.code.to_owned(),
        severity: severity.into(),
        path: finding.path.clone(),
        line: number(finding.at.line),
        column: number(finding.at.column),
        message_it: finding.message.italian.clone(),
        message_en: finding.message.english.clone(),
    }
}

fn signature(signature: &Signature) -> pb::Signature {
    let integrity = match signature.integrity {
        Integrity::Verified => pb::SignatureIntegrity::Verified,
        Integrity::Tampered { .. } => pb::SignatureIntegrity::Tampered,
        Integrity::NotVerified { .. } => pb::SignatureIntegrity::NotVerified,
    };
    pb::Signature {
        signer: signature.signer.common_name.clone().unwrap_or_default(),
        fiscal_code: signature.signer.fiscal_code.clone().unwrap_or_default(),
        issuer: signature.issuer.clone().unwrap_or_default(),
        algorithm: signature.algorithm.clone(),
        integrity: integrity.into(),
        valid_from_time: signature.not_before.map(wire::timestamp),
        valid_until_time: signature.not_after.map(wire::timestamp),
    }
}
