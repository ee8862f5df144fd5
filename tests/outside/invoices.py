"""FatturaPA files out of thin air: plain FPR12, each with its own number, of any size from 4 KiB."""

import base64
import random
from dataclasses import dataclass

TEMPLATE = """<?xml version="1.0" encoding="UTF-8"?>
<p:FatturaElettronica versione="FPR12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">
  <FatturaElettronicaHeader>
    <DatiTrasmissione>
      <IdTrasmittente><IdPaese>IT</IdPaese><IdCodice>{seller}</IdCodice></IdTrasmittente>
      <ProgressivoInvio>{serial:05}</ProgressivoInvio>
      <FormatoTrasmissione>FPR12</FormatoTrasmissione>
      <CodiceDestinatario>0000000</CodiceDestinatario>
    </DatiTrasmissione>
    <CedentePrestatore>
      <DatiAnagrafici>
        <IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>{seller}</IdCodice></IdFiscaleIVA>
        <Anagrafica><Denominazione>Officine {seller} S.r.l.</Denominazione></Anagrafica>
        <RegimeFiscale>RF01</RegimeFiscale>
      </DatiAnagrafici>
      {seat}
    </CedentePrestatore>
    <CessionarioCommittente>
      <DatiAnagrafici>
        <IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>{buyer}</IdCodice></IdFiscaleIVA>
        <Anagrafica><Denominazione>Cliente {buyer} S.p.A.</Denominazione></Anagrafica>
      </DatiAnagrafici>
      {seat}
    </CessionarioCommittente>
  </FatturaElettronicaHeader>
  <FatturaElettronicaBody>
    <DatiGenerali>
      <DatiGeneraliDocumento>
        <TipoDocumento>TD01</TipoDocumento>
        <Divisa>EUR</Divisa>
        <Data>2026-03-31</Data>
        <Numero>{serial}/2026</Numero>
        <ImportoTotaleDocumento>{total}</ImportoTotaleDocumento>
      </DatiGeneraliDocumento>
    </DatiGenerali>
    <DatiBeniServizi>
      <DettaglioLinee>
        <NumeroLinea>1</NumeroLinea>
        <Descrizione>Manutenzione degli impianti, intervento {serial}</Descrizione>
        <PrezzoUnitario>{net}</PrezzoUnitario>
        <PrezzoTotale>{net}</PrezzoTotale>
        <AliquotaIVA>22.00</AliquotaIVA>
      </DettaglioLinee>
      <DatiRiepilogo>
        <AliquotaIVA>22.00</AliquotaIVA>
        <ImponibileImporto>{net}</ImponibileImporto>
        <Imposta>{tax}</Imposta>
      </DatiRiepilogo>
    </DatiBeniServizi>
  </FatturaElettronicaBody>
</p:FatturaElettronica>
"""
SEAT = "<Sede><Indirizzo>Via Roma 1</Indirizzo><CAP>52100</CAP><Comune>Arezzo</Comune><Nazione>IT</Nazione></Sede>"


@dataclass(frozen=True)
class Invoice:
    """A file, with what a reader of it must find."""

    name: str
    content: bytes
    number: str
    total: str

    @property
    def base64(self):
        """The content as JSON carries it."""
        return base64.b64encode(self.content).decode()


def vat_number(draw=random.SystemRandom()):
    """An Italian VAT number with its control digit (Luhn); the company may happen to exist."""
    digits = [draw.randrange(10) for _ in range(10)]
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)]
    return "".join(map(str, [*digits, -sum(doubled) % 10]))


def invoice(seller, buyer, serial, size=4096):
    """An invoice of exactly so many bytes: amounts follow from the serial, blanks at the end make up the size."""
    cents = 10_000 + 100 * serial
    tax = cents * 22 // 100
    euro = "{0[0]}.{0[1]:02}".format
    total = euro(divmod(cents + tax, 100))
    text = TEMPLATE.format(
        seller=seller, buyer=buyer, seat=SEAT, serial=serial, net=euro(divmod(cents, 100)), tax=euro(divmod(tax, 100)), total=total
    )
    content = text.encode()
    assert len(content) <= size, f"an invoice has at least {len(content)} bytes"
    return Invoice(f"IT{seller}_{serial:05}.xml", content.ljust(size), f"{serial}/2026", total)
