dnl SPDX-License-Identifier: Apache-2.0

dnl ENC_TRY_CFLAG(FLAG, IF-KNOWN): does the compiler take FLAG in silence?
AC_DEFUN([ENC_TRY_CFLAG],
[AC_MSG_CHECKING([whether $CC knows $1])
enc_save_CFLAGS=$CFLAGS
CFLAGS="-Werror $1"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[int enc_probe;]], [[return enc_probe;]])],
	[AC_MSG_RESULT([yes])
	CFLAGS=$enc_save_CFLAGS
	$2],
	[AC_MSG_RESULT([no])
	CFLAGS=$enc_save_CFLAGS])])

dnl ENC_PTHREAD: every compiler we support takes -pthread.
AC_DEFUN([ENC_PTHREAD],
[AC_SUBST([PTHREAD_CFLAGS], [-pthread])])
