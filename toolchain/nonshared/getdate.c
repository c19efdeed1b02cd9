// SPDX-License-Identifier: MIT
int getdate_err;
