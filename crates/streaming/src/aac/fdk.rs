//! Calls of the library fdk-aac. All unsafe code of this crate is here.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ptr;

use fdk_aac_sys as sys;

use super::frame::AacFrame;
use super::settings::AacSettings;
use crate::error::Error;

/// The part of the library that encodes AAC-LC.
const AAC_MODULE: u32 = 1;
/// AAC-LC (ISO/IEC 14496-3, table 1.17).
const AAC_LC: u32 = 2;
/// Two channels: left, right.
const STEREO: u32 = 2;
/// Frames without a transport header.
const RAW: u32 = 0;

/// An encoder.
#[derive(Debug)]
pub struct Handle(sys::HANDLE_AACENCODER);

// SAFETY: an encoder has no state outside what it allocated, and each call needs `&mut`, so calls from different threads never overlap.
unsafe impl Send for Handle {}

impl Handle {
    /// Opens an encoder for two channels of 16 bits.
    pub fn open(settings: AacSettings) -> Result<Self, Error> {
        let mut handle = Self(ptr::null_mut());
        // SAFETY: the library writes a handle to the pointer, which is valid.
        check("open", unsafe { sys::aacEncOpen(&raw mut handle.0, AAC_MODULE, STEREO) })?;
        for (step, parameter, value) in [
            ("object type", sys::AACENC_PARAM_AACENC_AOT, AAC_LC),
            ("sample rate", sys::AACENC_PARAM_AACENC_SAMPLERATE, settings.rate.hertz()),
            ("channels", sys::AACENC_PARAM_AACENC_CHANNELMODE, STEREO),
            ("bit rate", sys::AACENC_PARAM_AACENC_BITRATE, settings.bit_rate),
            ("transport", sys::AACENC_PARAM_AACENC_TRANSMUX, RAW),
            // It tries several quantisations, which takes twice as long and improves the sound. It is off by default.
            ("afterburner", sys::AACENC_PARAM_AACENC_AFTERBURNER, 1),
        ] {
            // SAFETY: the handle is open.
            check(step, unsafe { sys::aacEncoder_SetParam(handle.0, parameter, value) })?;
        }
        let none = ptr::null();
        // SAFETY: the handle is open. A call without buffers applies the parameters.
        check("settings", unsafe { sys::aacEncEncode(handle.0, none, ptr::null(), ptr::null(), ptr::null_mut()) })?;
        Ok(handle)
    }

    /// Encodes samples. Returns the bytes of a frame, or none if the encoder needs more samples first.
    pub fn encode(&mut self, samples: &[[i16; 2]]) -> Result<Vec<u8>, Error> {
        let mut frame = vec![0_u8; AacFrame::MAX_BYTES];
        let mut input = samples.as_ptr().cast_mut().cast::<c_void>();
        let mut output = frame.as_mut_ptr().cast::<c_void>();
        let (mut input_id, mut output_id) = (
            sys::AACENC_BufferIdentifier_IN_AUDIO_DATA as c_int,
            sys::AACENC_BufferIdentifier_OUT_BITSTREAM_DATA as c_int,
        );
        let (mut input_bytes, mut output_bytes) = (size_of_val(samples) as c_int, AacFrame::MAX_BYTES as c_int);
        let (mut input_unit, mut output_unit) = (2, 1);
        let from = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut input,
            bufferIdentifiers: &raw mut input_id,
            bufSizes: &raw mut input_bytes,
            bufElSizes: &raw mut input_unit,
        };
        let to = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut output,
            bufferIdentifiers: &raw mut output_id,
            bufSizes: &raw mut output_bytes,
            bufElSizes: &raw mut output_unit,
        };
        let given = sys::AACENC_InArgs { numInSamples: 2 * samples.len() as c_int, numAncBytes: 0 };
        let mut made = sys::AACENC_OutArgs { numOutBytes: 0, numInSamples: 0, numAncBytes: 0, bitResState: 0 };
        // SAFETY: the handle is open. Each description has one buffer with its length in bytes, and all of them live until the call
        // returns. The library only reads the samples, and keeps no pointer.
        let code =
            unsafe { sys::aacEncEncode(self.0, &raw const from, &raw const to, &raw const given, &raw mut made) };
        check("encode", code)?;
        frame.truncate(usize::try_from(made.numOutBytes).unwrap_or(0));
        Ok(frame)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open or null, which the call accepts, and is not used after it.
        unsafe { sys::aacEncClose(&raw mut self.0) };
    }
}

/// An error if `code`, the result of `step`, is one.
fn check(step: &'static str, code: sys::AACENC_ERROR) -> Result<(), Error> {
    if code == sys::AACENC_ERROR_AACENC_OK { Ok(()) } else { Err(Error::AacEncoder { step, code }) }
}
